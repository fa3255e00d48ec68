import {
  EXAMPLE_DOCUMENT,
  EXAMPLE_HEADERS,
  EXAMPLE_HISTORY,
  EXAMPLE_LIFE,
  EXAMPLE_SUBSCRIPTION,
  EXAMPLE_VARIABLES,
  HISTORY_VARIABLES,
  LIFE_VARIABLES,
  SUBSCRIPTION_VARIABLES,
  TOKEN_PLACEHOLDER,
} from './example-operations.js';
import { ICON } from './icon.js';

const HEADERS = JSON.stringify(EXAMPLE_HEADERS, undefined, 2);

const tab = (query: string, variables: object) => ({
  query,
  variables: JSON.stringify(variables, undefined, 2),
  headers: HEADERS,
});

const TABS = [
  tab(EXAMPLE_DOCUMENT, EXAMPLE_VARIABLES),
  tab(EXAMPLE_SUBSCRIPTION, SUBSCRIPTION_VARIABLES),
  tab(EXAMPLE_LIFE, LIFE_VARIABLES),
  tab(EXAMPLE_HISTORY, HISTORY_VARIABLES),
];

/**
 * The script of the explorer. It runs before GraphiQL's, whose editor asks for MonacoEnvironment when it is loaded.
 *
 * Tokens are kept nowhere but in a variable of the page, and what else is typed, passwords perhaps, no longer than the browser's
 * tab: GraphiQL would keep all of it in the browser for good, and put the document into the address. A browser sends no
 * headers with a WebSocket, and GraphiQL does not hand those of its tab on: they are kept up to date here.
 */
export const EXPLORER_SCRIPT = `
if (location.pathname.endsWith('/')) {
  history.replaceState(null, '', location.pathname.slice(0, -1) + location.search + location.hash);
}
globalThis.MonacoEnvironment = {
  globalAPI: true,
  getWorkerUrl: (_, label) => 'explorer/' + label + '.worker.js',
};

const exampleHeaders = ${JSON.stringify(HEADERS)};
let headers = exampleHeaders;
let token;

const authorization = (text) => {
  try {
    const named = Object.entries(JSON.parse(text)).find(([name]) => name.toLowerCase() === 'authorization');
    return named && named[1];
  } catch {
    return undefined;
  }
};

const keep = (text) => {
  headers = text;
  const given = authorization(text);
  if (typeof given === 'string' && !given.includes(${JSON.stringify(TOKEN_PLACEHOLDER)})) token = given;
};

// The token that was pasted into one tab stands in the others, too, in place of the placeholder.
const follow = ({ tabs, activeTabIndex }) => {
  const shown = tabs[activeTabIndex].headers || exampleHeaders;
  const isExample = authorization(shown)?.includes(${JSON.stringify(TOKEN_PLACEHOLDER)}) === true;
  if (token === undefined || !isExample) {
    keep(shown);
    return;
  }
  headers = shown.replace(/"Bearer [^"]*"/, () => JSON.stringify(token));
  setTimeout(() => {
    const model = monaco.editor.getModels().find(({ uri }) => uri.path.endsWith('request-headers.json'));
    if (model && model.getValue() !== headers) model.setValue(headers);
  });
};

// What portals compose schemas of is no part of the API, so the documentation and the editor leave it out.
const ask = globalThis.fetch;
globalThis.fetch = async (...request) => {
  const response = await ask(...request);
  if (!String(request[1]?.body).includes('"IntrospectionQuery"')) return response;
  const answer = await response.json();
  const schema = answer.data?.__schema;
  if (schema) {
    const isShown = ({ name }) => name.startsWith('__') || !name.startsWith('_');
    schema.types = schema.types.filter(isShown);
    const query = schema.types.find(({ name }) => name === schema.queryType.name);
    query.fields = query.fields.filter(isShown);
  }
  return new Response(JSON.stringify(answer), { status: response.status, headers: { 'content-type': 'application/json' } });
};

document.addEventListener('DOMContentLoaded', () => {
  monaco.editor.onDidCreateEditor((editor) => editor.updateOptions({ wordWrap: 'on' }));
  YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
    title: 'Device Gateway',
    logo: ${JSON.stringify(ICON)},
    endpoint: 'graphql',
    headers: exampleHeaders,
    subscriptionsProtocol: 'WS',
    connectionParams: () => ({ authorization: authorization(headers) }),
    onEditHeaders: keep,
    onTabChange: follow,
    defaultTabs: ${JSON.stringify(TABS)},
    // Of a tab's own variables GraphiQL shows nothing until it is chosen; after a reload it brings back its last ones.
    variables: sessionStorage.length === 0 ? ${JSON.stringify(TABS[0]?.variables)} : undefined,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: false,
    storage: sessionStorage,
    onEditQuery: () => {},
  });
});
`;
