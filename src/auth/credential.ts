import type { Viewer } from '../access/viewer.js';
import { GatewayError } from '../errors/gateway-error.js';

/** Why a request has no viewer, in the platform's words for a 401. */
export type CredentialRejection = 'expired' | 'credentials_invalid' | 'format_error' | 'invalid_token';

/** The result of validating a request's credentials. With `failure` it is unknown: the issuer could not be asked. */
export type Credential =
  | {
      readonly viewer: Viewer;
      /** When the credentials expire; null when only the issuer knows. */
      readonly expiresAt: Date | null;
    }
  | { readonly rejection: CredentialRejection }
  | { readonly failure: unknown };

/**
 * Validates the value of an `Authorization` header, or of the same parameter of a WebSocket connection.
 * @param clientAddress where the request comes from, an IP address: the platform can bind a token to one
 */
export type Authenticate = (authorization: string | undefined, clientAddress: string) => Promise<Credential>;

/**
 * Validates a token whose header was well-formed. It never rejects.
 * @param clientAddress as for Authenticate
 */
export type ValidateToken = (token: string, clientAddress: string) => Promise<Credential>;

/** Bounds how many tokens are validated; of those beyond, nobody knows whether they are good. */
export type LimitValidations = (validate: ValidateToken) => ValidateToken;

/** The first moment, in milliseconds since 1970, whose year has five digits. */
const YEAR_10000_MS = 253_402_300_800_000;

/** Whether a token may name this moment as its expiry, in milliseconds since 1970. */
export function isPossibleExpiry(expiresAt: number): boolean {
  // False for NaN too.
  return expiresAt < YEAR_10000_MS;
}

const MESSAGES: Readonly<Record<CredentialRejection, string>> = {
  expired: 'The access token has expired.',
  credentials_invalid: 'No access token was sent. Send the header "Authorization: Bearer <token>".',
  format_error: 'The Authorization header is not "Bearer <token>".',
  invalid_token: 'The access token is not valid here.',
};

/** Expected, short, and before any work: clients get OVERLOADED. */
const ISSUER_AWAY = 'Access tokens cannot be checked at present. Nothing was done; try again in a moment.';

/**
 * The viewer of a request.
 * @throws UNAUTHENTICATED with the platform's code for what is wrong, OVERLOADED when the issuer is away
 */
export function viewerOf(credential: Credential): Viewer {
  if ('viewer' in credential) return credential.viewer;
  if ('failure' in credential) {
    throw new GatewayError('OVERLOADED', { message: ISSUER_AWAY }, { cause: credential.failure });
  }
  throw unauthenticated(credential.rejection);
}

/** The error for a request without a viewer, with the platform's code for what is wrong. */
export function unauthenticated(rejection: CredentialRejection): GatewayError {
  return new GatewayError('UNAUTHENTICATED', { restMessage: rejection, message: MESSAGES[rejection] });
}
