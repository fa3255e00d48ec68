import type { IncomingHttpHeaders } from 'node:http';

const REQUEST_HEADERS = [
  'content-type',
  'authorization',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'x-request-id',
  'if-match',
  'if-none-match',
].join(', ');

/** How long a browser need not ask again; Chromium keeps no answer for longer. */
const MAX_AGE_S = '7200';

/** What every answer depends on, so that no cache hands the answer for one origin or coding to another. */
export const VARY = 'origin, accept-encoding';

/**
 * The headers that let a page of another origin read an answer; none for an origin that is not on the list. Tokens
 * come in a header that no browser adds by itself, so credentials are not allowed.
 */
export function corsHeaders(
  origins: ReadonlySet<string>,
  { origin }: IncomingHttpHeaders,
): Readonly<Record<string, string>> {
  if (origin === undefined || !origins.has(origin)) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-request-id, etag, retry-after',
  };
}

/** The further headers that answer a browser's question whether it may send a request at all. */
export function preflightHeaders(
  origins: ReadonlySet<string>,
  headers: IncomingHttpHeaders,
  methods: string,
): Readonly<Record<string, string>> {
  const isAllowed = headers.origin !== undefined && origins.has(headers.origin);
  if (!isAllowed || headers['access-control-request-method'] === undefined) return {};
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': MAX_AGE_S,
  };
}
