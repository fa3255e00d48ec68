import { pageHeaders } from '../core/content-security.js';
import type { EndpointHandler } from '../core/endpoint.js';
import {
  EXAMPLE_DOCUMENT,
  EXAMPLE_HEADERS,
  EXAMPLE_LIFE,
  EXAMPLE_SUBSCRIPTION,
  EXAMPLE_VARIABLES,
  LIFE_VARIABLES,
  SUBSCRIPTION_VARIABLES,
} from './example-operations.js';
import { HttpError } from '../core/http-error.js';
import { ICON } from './icon.js';
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
<script src="${base}explorer/graphiql.js" defer></script>
<script src="${base}explorer/start.js" defer></script>
</head>
<body class="no-focus-outline">
<noscript>The explorer needs JavaScript.</noscript>
<div id="root"></div>
</body>
</html>
`;

const tab = (query: string, variables: object) => ({
  query,
  variables: JSON.stringify(variables, undefined, 2),
  headers: JSON.stringify(EXAMPLE_HEADERS, undefined, 2),
});

const EXAMPLE_TAB = tab(EXAMPLE_DOCUMENT, EXAMPLE_VARIABLES);
const SUBSCRIPTION_TAB = tab(EXAMPLE_SUBSCRIPTION, SUBSCRIPTION_VARIABLES);
const LIFE_TAB = tab(EXAMPLE_LIFE, LIFE_VARIABLES);

// Tokens are kept nowhere, and what else is typed, passwords perhaps, no longer than the browser's tab: GraphiQL would
// keep all of it in the browser for good, and put the document into the address.
// A browser sends no headers with a WebSocket, and GraphiQL does not hand those of its tab on: they are kept up to date here.
const START = `
if (location.pathname.endsWith('/')) {
  history.replaceState(null, '', location.pathname.slice(0, -1) + location.search + location.hash);
}
let headers = ${JSON.stringify(EXAMPLE_TAB.headers)};
const authorization = () => {
  try {
    const named = Object.entries(JSON.parse(headers)).find(([name]) => name.toLowerCase() === 'authorization');
    return named && named[1];
  } catch {
    return undefined;
  }
};
globalThis.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_, label) => 'explorer/' + label + '.worker.js',
};
YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  title: 'Device Gateway',
  logo: ${JSON.stringify(ICON)},
  endpoint: 'graphql',
  headers: ${JSON.stringify(EXAMPLE_TAB.headers)},
  subscriptionsProtocol: 'WS',
  connectionParams: () => ({ authorization: authorization() }),
  onEditHeaders: (text) => { headers = text; },
  onTabChange: ({ tabs, activeTabIndex }) => { headers = tabs[activeTabIndex].headers; },
  defaultTabs: ${JSON.stringify([EXAMPLE_TAB, SUBSCRIPTION_TAB, LIFE_TAB])},
  // Of a tab's own variables GraphiQL shows nothing until it is chosen; after a reload it brings back its last ones.
  variables: sessionStorage.length === 0 ? ${JSON.stringify(EXAMPLE_TAB.variables)} : undefined,
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
  storage: sessionStorage,
  onEditQuery: () => {},
});
`;

/** GraphiQL comes as texts of several megabytes, which are not worth having before somebody opens the explorer. */
const graphiql = async () => await import('@graphql-yoga/render-graphiql/graphiql');

const script = (load: () => string | Promise<string>): EndpointHandler =>
  // A worker is held to the policy of its own script, not to the page's.
  staticText({ contentType: 'text/javascript; charset=utf-8', load, headers: pageHeaders({}) });

const FILES: ReadonlyMap<string, EndpointHandler> = new Map([
  ['start.js', script(() => START)],
  ['graphiql.js', script(async () => (await graphiql()).js)],
  ['editorWorkerService.worker.js', script(async () => (await graphiql()).editorWorkerService)],
  ['json.worker.js', script(async () => (await graphiql()).jsonWorker)],
  ['graphql.worker.js', script(async () => (await graphiql()).graphqlWorker)],
  [
    'style.css',
    staticText({ contentType: 'text/css; charset=utf-8', load: async () => (await graphiql()).css }),
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
const slashed = staticText({ ...CONTENT, load: () => page('../../') });

/** GraphiQL, with nothing from elsewhere. */
export const explorerPage: EndpointHandler = async (request) =>
  await (request.path.endsWith('/') ? slashed : plain)(request);

/** The files of the explorer, by name. */
export const explorerFile: EndpointHandler = async (request) => {
  const serve = FILES.get(request.params['file'] ?? '');
  if (serve === undefined) throw new HttpError(404, 'BAD_REQUEST', 'The explorer has no such file.');
  return await serve(request);
};
