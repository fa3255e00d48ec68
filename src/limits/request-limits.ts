import type { Credential } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';
import { RateLimiter } from './rate-limiter.js';

export const MINUTE_MS = 60_000;

/** Some megabytes at most, however many addresses somebody has. */
export const MAX_CLIENTS = 50_000;

/**
 * Counts a request for its subject, or for the network of its address when it has none.
 * @throws RATE_LIMITED when there have been too many
 */
export type CountRequest = (network: string, credential: Credential) => void;

/**
 * The budgets of one process. Subjects, addresses without a token and addresses with refused tokens are counted apart,
 * so that no number of anonymous clients makes the gateway forget, or refuse, known subjects.
 * @param perMinute requests of each; 0: any number
 */
export function requestCounter(perMinute: number): CountRequest {
  if (perMinute === 0) return () => undefined;
  const limiter = (): RateLimiter => new RateLimiter({ count: perMinute, periodMs: MINUTE_MS }, MAX_CLIENTS);
  const [subjects, strangers, refused] = [limiter(), limiter(), limiter()];
  return (network, credential) => {
    const isRefused = 'rejection' in credential && credential.rejection !== 'credentials_invalid';
    const retryAfterMs =
      'viewer' in credential
        ? subjects.take(credential.viewer.subject)
        : (isRefused ? refused : strangers).take(network);
    if (retryAfterMs > 0) throw new GatewayError('RATE_LIMITED', { retryAfterMs });
  };
}
