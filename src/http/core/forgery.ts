import type { IncomingHttpHeaders } from 'node:http';
import { HttpError } from './http-error.js';

/** Headers that a browser sends for a page of another origin only when the server has allowed it (CORS). */
const PREFLIGHTED = ['apollo-require-preflight', 'x-apollo-operation-name'] as const;

/**
 * Refuses a GET that any page can make a browser send: one without a header that the browser asks for first. A bearer token
 * is such a header; credentials of other schemes a browser remembers and sends by itself.
 * @throws HttpError 400
 */
export function assertNotForged(headers: IncomingHttpHeaders): void {
  const isBearer = /^bearer +\S/i.test(headers.authorization ?? '');
  const isJson = /^application\/json *(?:;|$)/i.test(headers['content-type'] ?? '');
  if (isBearer || isJson || PREFLIGHTED.some((name) => (headers[name] ?? '') !== '')) return;
  throw new HttpError(
    400,
    'BAD_REQUEST',
    'Any page could make a browser send this request. Send it with the header "Authorization: Bearer <token>" or ' +
      '"Apollo-Require-Preflight: true", or by POST.',
  );
}
