import type { EndpointHandler } from '../core/endpoint.js';

/** Leads a browser whose user typed the address of the API to the explorer; everything else is a request for the API. */
export function leadingBrowsers(graphql: EndpointHandler): EndpointHandler {
  return async (request) => {
    const { method, headers, search, path } = request;
    const asks = new URLSearchParams(search);
    const isVisit =
      method === 'GET' &&
      headers.accept?.includes('text/html') === true &&
      !['query', 'extensions', 'documentId'].some((name) => asks.has(name));
    if (!isVisit) return await graphql(request);
    // Relative, so that it is right behind a proxy that serves the gateway under a path.
    const location = path.endsWith('/') ? '../explorer' : 'explorer';
    return { status: 303, headers: { location, vary: 'accept' }, body: '' };
  };
}
