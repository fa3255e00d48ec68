import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.js';

/** Maximum number of headers of a request. */
const MAX_HEADERS = 1_000;

/** For Node, which drops headers beyond it silently: with room for one more it shows that there were more. */
export const MAX_HEADERS_READ = MAX_HEADERS + 1;

/** Whether a header can have been dropped, perhaps the one that protects what a request overwrites. */
export function hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length / 2 > MAX_HEADERS;
}

/** The refusal of a request with too many headers. */
export function tooManyHeaders(): HttpError {
  return new HttpError(431, 'BAD_REQUEST', `A request has at most ${MAX_HEADERS} headers.`);
}
