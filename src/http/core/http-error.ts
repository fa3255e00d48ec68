import { CATALOGUE, type ErrorCode } from '../../errors/catalogue.js';
import { type ErrorFacts, GatewayError } from '../../errors/gateway-error.js';
import { withDocsLink } from '../../errors/docs-link.js';
import { toExtensions } from '../../errors/wire.js';

/** A request that cannot even be handed on: its HTTP status and the error that says why. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message?: string,
    /** More headers of the answer, in lower case. */
    readonly headers: Readonly<Record<string, string>> = {},
    readonly retryAfterMs?: number,
  ) {
    super(message ?? CATALOGUE[code].message);
  }
}

/** The HTTP error for an error of a whole request: its status is that of the REST page. */
export function toHttpError({ code, message, facts }: GatewayError): HttpError {
  const { restCode } = CATALOGUE[code];
  return new HttpError(restCode, code, message, retryAfterHeader(facts), facts.retryAfterMs);
}

/** The header that says when to try again, in whole seconds as HTTP has it. */
export function retryAfterHeader({ retryAfterMs }: ErrorFacts): Readonly<Record<string, string>> {
  return retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) };
}

/** The body of an answer that is nothing but this error, in the shape of a GraphQL answer. */
export function errorBody(
  { code, message, retryAfterMs }: HttpError,
  requestId: string,
  docsUrl?: string,
): string {
  const facts = { message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  const extensions = toExtensions(new GatewayError(code, facts), requestId);
  return JSON.stringify({ errors: [{ message, extensions: withDocsLink(extensions, docsUrl) }] });
}
