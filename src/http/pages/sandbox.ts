import { hashSource, pageHeaders } from '../core/content-security.js';
import { type EndpointHandler, jsonAnswer } from '../core/endpoint.js';
import { EXAMPLE_DOCUMENT, EXAMPLE_HEADERS, EXAMPLE_VARIABLES } from './example-operations.js';
import { staticText } from '../core/static-text.js';

const SANDBOX_FILES = 'https://embeddable-sandbox.cdn.apollographql.com';
const SANDBOX_FRAME = 'https://sandbox.embed.apollographql.com';

const STYLE = `
html, body, #sandbox { height: 100%; margin: 0 }
iframe { border: 0; height: 100%; width: 100% }
p { font: 16px sans-serif; padding: 1em; position: absolute; z-index: -1 }
`;

// What "<" starts in a script is HTML's business, so a value never holds one.
const INITIAL_STATE = JSON.stringify({
  document: EXAMPLE_DOCUMENT,
  variables: EXAMPLE_VARIABLES,
  headers: EXAMPLE_HEADERS,
  pollForSchemaUpdates: false,
}).replaceAll('<', '\\u003c');

const SCRIPT = `
new window.EmbeddedSandbox({
  target: '#sandbox',
  initialEndpoint: new URL('graphql', location.href).href,
  initialState: ${INITIAL_STATE},
  endpointIsEditable: false,
  runTelemetry: false,
  allowDynamicStyles: false,
});
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
<p>Apollo Sandbox comes from Apollo's servers. <a href="explorer">The explorer</a> needs nothing from elsewhere.</p>
<div id="sandbox"></div>
<script src="${SANDBOX_FILES}/v2/embeddable-sandbox.umd.production.min.js"></script>
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
