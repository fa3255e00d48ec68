import type { IncomingMessage } from 'node:http';
import type { Authenticate, Credential } from '../../auth/credential.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { type ClientAddress, networkOf } from '../../limits/client-address.js';
import type { CountRequest } from '../../limits/request-limits.js';

/** What admission works with. */
interface AdmissionParts {
  readonly authenticate: Authenticate;
  readonly addressOf: ClientAddress;
  readonly countRequest: CountRequest;
}

/**
 * Authenticates a request, or the request that opened a WebSocket.
 * @param authorization the header, or the same parameter of a WebSocket connection
 */
type AuthenticateRequest = (
  message: IncomingMessage,
  authorization: string | undefined,
) => Promise<Credential>;

/** The one way in, for every endpoint that serves data. */
export interface Admission {
  /** What its client has to itself: an address, or a network of IPv6. */
  readonly networkOf: (message: IncomingMessage) => string;
  readonly authenticate: AuthenticateRequest;
  /**
   * The same for one request more, which is counted before anything is done for it; authenticating counts the address.
   * @throws RATE_LIMITED when the client has sent too many
   */
  readonly authenticateAndCount: AuthenticateRequest;
}

/** The way in that these parts make. */
export function openAdmission({ authenticate, addressOf, countRequest }: AdmissionParts): Admission {
  const of = ({ socket, headers }: IncomingMessage): string =>
    addressOf(socket.remoteAddress, headers['x-forwarded-for']);
  return {
    networkOf: (message) => networkOf(of(message)),
    authenticate: async (message, authorization) => await authenticate(authorization, of(message)),
    authenticateAndCount: async (message, authorization) => {
      const address = of(message);
      const credential = await authenticate(authorization, address);
      // The client has sent too many tokens for this one to be validated.
      if ('failure' in credential && credential.failure instanceof GatewayError) throw credential.failure;
      countRequest(networkOf(address), credential);
      return credential;
    },
  };
}
