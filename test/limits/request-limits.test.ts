import { expect, it } from 'vitest';
import type { Credential } from '../../src/auth/credential.js';
import { requestCounter } from '../../src/limits/request-limits.js';

/** How many requests in a row are let through. */
function allowed(credential: Credential, rateLimit: number): number {
  const count = requestCounter(rateLimit);
  for (let index = 0; index < 20_000; index += 1) {
    try {
      count('203.0.113.1', credential);
    } catch (error) {
      expect(error).toMatchObject({ code: 'RATE_LIMITED' });
      return index;
    }
  }
  return Infinity;
}

const VIEWER: Credential = {
  viewer: { subject: 'somebody', level: 'VIEWER', customerId: null, scopes: [] },
  expiresAt: null,
};

it.each<[string, Credential, number, number]>([
  ['a subject', VIEWER, 6_000, 6_000],
  ['a subject where nothing is limited', VIEWER, 0, Infinity],
  ['an address without a token', { rejection: 'credentials_invalid' }, 6_000, 6_000],
  ['an address whose issuer is away', { failure: new Error('away') }, 6_000, 6_000],
  ['an address with an expired token', { rejection: 'expired' }, 6_000, 6_000],
  ['an address with an invalid token', { rejection: 'invalid_token' }, 6_000, 6_000],
  ['an address with an invalid token and a low limit', { rejection: 'invalid_token' }, 60, 60],
])('%s', (_, credential, rateLimit, most) => {
  const found = allowed(credential, rateLimit);
  // Time goes on meanwhile, and gives some back.
  expect(found).toBeGreaterThanOrEqual(most);
  if (most !== Infinity) expect(found).toBeLessThan(most * 1.5);
});
