import { CATALOGUE, type ErrorCode } from '../errors/catalogue.js';
import { GatewayError } from '../errors/gateway-error.js';
import { toExtensions } from '../errors/wire.js';

/** A request that cannot even be handed on: its HTTP status and the error that says why. */
export class HttpFault extends Error {
  override readonly name = 'HttpFault';

  constructor(
    readonly status: number,
    readonly code: ErrorCode,
    message?: string,
    /** More headers of the answer, in lower case. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message ?? CATALOGUE[code].message);
  }
}

/** The body of an answer that is nothing but this fault, in the shape of a GraphQL answer. */
export function faultBody({ code, message }: HttpFault, requestId: string): string {
  const extensions = toExtensions(new GatewayError(code, { message }), requestId);
  return JSON.stringify({ errors: [{ message, extensions }] });
}
