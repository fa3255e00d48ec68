import type { Credential } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';
import { clientAddress, type ProxyRange } from './client-address.js';
import { RateLimiter } from './rate-limiter.js';

const MINUTE_MS = 60_000;

/** Whoever sends tokens that are refused has a mistake to mend, or is guessing. */
const REFUSED_PER_MINUTE = 600;

/** Some megabytes at most, however many addresses somebody has. */
const MAX_CLIENTS = 50_000;

/** What the environment decides about how much a client may ask for. */
export interface RequestLimitSettings {
  /** Requests per minute and subject; 0: any number. */
  readonly rateLimit: number;
  readonly trustedProxies: readonly ProxyRange[];
}

/** Where a request comes from: what it has in common with the upgrade request of a WebSocket. */
interface RequestOrigin {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Counts a request for its subject, or for its address when it has none.
 * @throws RATE_LIMITED when there have been too many
 */
export type CountRequest = (origin: RequestOrigin, credential: Credential) => void;

/**
 * The budgets of one process. Subjects, addresses without a token and addresses with refused tokens are counted apart,
 * so that no number of strangers makes the gateway forget, or refuse, those it knows.
 */
export function requestCounter({ rateLimit, trustedProxies }: RequestLimitSettings): CountRequest {
  if (rateLimit === 0) return () => undefined;
  const addressOf = clientAddress(trustedProxies);
  const limiter = (count: number): RateLimiter =>
    new RateLimiter({ count, periodMs: MINUTE_MS }, MAX_CLIENTS);
  const subjects = limiter(rateLimit);
  const strangers = limiter(rateLimit);
  const refused = limiter(Math.min(rateLimit, REFUSED_PER_MINUTE));
  return ({ socket, headers }, credential) => {
    const address = (): string => addressOf(socket.remoteAddress, headers['x-forwarded-for']);
    const isRefused = 'fault' in credential && credential.fault !== 'credentials_invalid';
    const retryAfterMs =
      'viewer' in credential
        ? subjects.take(credential.viewer.subject)
        : (isRefused ? refused : strangers).take(address());
    if (retryAfterMs > 0) throw new GatewayError('RATE_LIMITED', { retryAfterMs });
  };
}
