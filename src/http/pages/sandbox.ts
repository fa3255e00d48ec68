import { hashSource, pageHeaders } from '../core/content-security.js';
import { type EndpointHandler, jsonAnswer } from '../core/endpoint.js';
import { EXAMPLE_DOCUMENT, EXAMPLE_HEADERS, EXAMPLE_VARIABLES } from './example-operations.js';
import { staticText } from '../core/static-text.js';

const SANDBOX_FILES = 'https://embeddable-sandbox.cdn.apollographql.com';
const SANDBOX_FRAME = 'https://sandbox.embed.apollographql.com';

const STYLE = `
:root { color-scheme: light dark }
html, body { height: 100%; margin: 0; overflow: hidden }
main { box-sizing: border-box; font: 16px/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 40em; padding: 2em 1em }
h1 { font-size: 1.5em }
#sandbox:not(:empty) { background: Canvas; inset: 0; position: absolute }
iframe { border: 0; height: 100%; width: 100% }
`;

// What "<" starts in a script is HTML's business, so a value never holds one.
const INITIAL_STATE = JSON.stringify({
  document: EXAMPLE_DOCUMENT,
  variables: EXAMPLE_VARIABLES,
  headers: EXAMPLE_HEADERS,
  pollForSchemaUpdates: false,
}).replaceAll('<', '\\u003c');

const SCRIPT = `
const show = () => new window.EmbeddedSandbox({
  target: '#sandbox',
  initialEndpoint: new URL('graphql', location.href).href,
  initialState: ${INITIAL_STATE},
  endpointIsEditable: false,
  runTelemetry: false,
  allowDynamicStyles: false,
});
// Without a way to Apollo's servers the page stays as it is.
const script = document.createElement('script');
script.src = '${SANDBOX_FILES}/v2/embeddable-sandbox.umd.production.min.js';
script.onload = show;
document.head.append(script);
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Device Gateway: Apollo Sandbox</title>
<link rel="icon" href="favicon.ico">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Device Gateway</h1>
<p>Apollo Sandbox opens here when Apollo's servers can be reached. Until then, and without them:</p>
<ul>
<li><a href="explorer">The explorer</a> runs operations and needs nothing from elsewhere.</li>
<li><a href="schema.graphql">The schema</a>, as text.</li>
<li><code>graphql</code> beside this page takes operations (POST, GET, WebSocket, server-sent events).</li>
<li><a href="health/ready">Health</a> and <a href="metrics">metrics</a>.</li>
</ul>
</main>
<div id="sandbox"></div>
<script>${SCRIPT}</script>
</body>
</html>
`;

// Relative to this page, so that they are right behind a proxy that serves the gateway under a path.
const LINKS = {
  name: 'Device Gateway',
  graphql: 'graphql',
  explorer: 'explorer',
  schema: 'schema.graphql',
  health: { live: 'health/live', ready: 'health/ready' },
};

const sandbox = staticText({
  contentType: 'text/html; charset=utf-8',
  load: () => PAGE,
  headers: {
    ...pageHeaders({
      'script-src': `${hashSource(SCRIPT)} ${SANDBOX_FILES}`,
      'style-src': hashSource(STYLE),
      'frame-src': SANDBOX_FRAME,
      'img-src': "'self'",
      // The page sends the operations; the frame, which is Apollo's, only asks it to.
      'connect-src': "'self'",
    }),
    vary: 'accept',
  },
});

/** Apollo Sandbox for a browser; for everything else where things are. */
export const homePage: EndpointHandler = async (request) => {
  if (request.headers.accept?.includes('text/html') === true) return await sandbox(request);
  const answer = jsonAnswer(200, LINKS);
  return { ...answer, headers: { ...answer.headers, vary: 'accept' } };
};
