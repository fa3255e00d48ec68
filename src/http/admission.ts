import type { IncomingMessage } from 'node:http';
import type { Authenticate, Credential } from '../auth/credential.js';
import { type ClientAddress, networkOf } from '../limits/client-address.js';
import type { CountRequest } from '../limits/request-limits.js';

/** What requests are let in by. */
export interface AdmissionParts {
  readonly authenticate: Authenticate;
  readonly addressOf: ClientAddress;
  readonly countRequest: CountRequest;
}

/**
 * Says who sends a request, and counts it, before anything is done for it.
 * @param authorization the header, or its twin in a WebSocket's connection parameters
 * @throws RATE_LIMITED when the client has sent too many
 */
export type Admit = (message: IncomingMessage, authorization: string | undefined) => Promise<Credential>;

/** The one way in, for every endpoint that serves data. */
export function admission({ authenticate, addressOf, countRequest }: AdmissionParts): Admit {
  return async ({ socket, headers }, authorization) => {
    const address = addressOf(socket.remoteAddress, headers['x-forwarded-for']);
    const credential = await authenticate(authorization, address);
    countRequest(networkOf(address), credential);
    return credential;
  };
}
