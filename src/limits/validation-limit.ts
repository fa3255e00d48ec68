import type { Credential, ValidateToken, LimitValidations } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';
import { networkOf } from './client-address.js';
import { RateLimiter } from './rate-limiter.js';
import { RefundableBudget } from './refundable-budget.js';
import { MAX_CLIENTS, MINUTE_MS } from './request-limits.js';

/**
 * Lets the tokens of one network be validated while it has budget, so that nobody makes the gateway verify, or ask an issuer,
 * more often than that. A validation that ends well is given back: any number of subjects may come from one address.
 * What is beyond the budget is a `failure` with RATE_LIMITED, because nobody looked at the token.
 * @param perMinute validations that end badly, of each network; 0: any number
 */
export function validationLimit(perMinute: number): LimitValidations {
  if (perMinute === 0) return (validate) => validate;
  const limiter = new RateLimiter({ count: perMinute, periodMs: MINUTE_MS }, MAX_CLIENTS);
  const budget = new RefundableBudget(limiter, Infinity);
  const isGood = (credential: Credential): boolean => 'viewer' in credential;
  return (validate: ValidateToken): ValidateToken =>
    async (token, clientAddress) => {
      const validated = await budget.run(
        networkOf(clientAddress),
        async () => await validate(token, clientAddress),
        isGood,
      );
      if ('result' in validated) return validated.result;
      return { failure: new GatewayError('RATE_LIMITED', { retryAfterMs: validated.retryAfterMs }) };
    };
}
