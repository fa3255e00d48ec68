import { pageHeaders } from '../core/content-security.js';
import type { EndpointHandler } from '../core/endpoint.js';
import { HttpError } from '../core/http-error.js';
import { EXPLORER_SCRIPT } from './explorer-script.js';
import { EXPLORER_STYLE } from './explorer-style.js';
import { staticText } from '../core/static-text.js';

// Paths are relative to /explorer, so that the page works behind a proxy that serves the gateway under a path.
const page = (base: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Device Gateway explorer</title>
<link rel="icon" href="${base}favicon.ico">
<link rel="stylesheet" href="${base}explorer/style.css">
<script src="${base}explorer/start.js" defer></script>
<script src="${base}explorer/graphiql.js" defer></script>
</head>
<body class="no-focus-outline">
<noscript>The explorer needs JavaScript.</noscript>
<div id="root"></div>
</body>
</html>
`;

/** GraphiQL comes as texts of several megabytes, which are not worth having before somebody opens the explorer. */
const graphiql = async () => await import('@graphql-yoga/render-graphiql/graphiql');

const script = (load: () => string | Promise<string>): EndpointHandler =>
  // A worker is held to the policy of its own script, not to the page's.
  staticText({ contentType: 'text/javascript; charset=utf-8', load, headers: pageHeaders({}) });

const FILES: ReadonlyMap<string, EndpointHandler> = new Map([
  ['start.js', script(() => EXPLORER_SCRIPT)],
  ['graphiql.js', script(async () => (await graphiql()).js)],
  ['editorWorkerService.worker.js', script(async () => (await graphiql()).editorWorkerService)],
  ['json.worker.js', script(async () => (await graphiql()).jsonWorker)],
  ['graphql.worker.js', script(async () => (await graphiql()).graphqlWorker)],
  [
    'style.css',
    staticText({
      contentType: 'text/css; charset=utf-8',
      load: async () => (await graphiql()).css + EXPLORER_STYLE,
    }),
  ],
]);

const CONTENT = {
  contentType: 'text/html; charset=utf-8',
  headers: pageHeaders({
    'script-src': "'self'",
    'worker-src': "'self'",
    // The editor places its lines by style attributes and writes its colours into style elements.
    'style-src': "'self' 'unsafe-inline'",
    'font-src': 'data:',
    'img-src': "'self' data:",
    'connect-src': "'self'",
  }),
};

const plain = staticText({ ...CONTENT, load: () => page('') });
const slashed = staticText({ ...CONTENT, load: () => page('../') });

/** GraphiQL, with nothing from elsewhere. */
export const explorerPage: EndpointHandler = async (request) =>
  await (request.path.endsWith('/') ? slashed : plain)(request);

/** The files of the explorer, by name. */
export const explorerFile: EndpointHandler = async (request) => {
  const serve = FILES.get(request.params['file'] ?? '');
  if (serve === undefined) throw new HttpError(404, 'BAD_REQUEST', 'The explorer has no such file.');
  return await serve(request);
};
