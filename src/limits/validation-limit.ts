import type { Credential, ValidateToken, LimitValidations } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';
import { networkOf } from './client-address.js';
import { RateLimiter } from './rate-limiter.js';
import { MAX_CLIENTS, MINUTE_MS } from './request-limits.js';

/** The validations that run for one network, and those that wait until it is known what became of them. */
interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Lets the tokens of one network be validated while it has budget, so that nobody makes the gateway verify, or ask an issuer,
 * more often than that. A validation that ends well is given back: any number of subjects may come from one address.
 * What is beyond the budget is a `failure` with RATE_LIMITED, because nobody looked at the token.
 * @param perMinute validations that end badly, of each network; 0: any number
 */
export function validationLimit(perMinute: number): LimitValidations {
  if (perMinute === 0) return (validate) => validate;
  const limiter = new RateLimiter({ count: perMinute, periodMs: MINUTE_MS }, MAX_CLIENTS);
  const lines = new Map<string, Line>();

  const run = async (
    network: string,
    line: Line,
    validate: () => Promise<Credential>,
  ): Promise<Credential> => {
    line.running += 1;
    lines.set(network, line);
    let isGood = false;
    try {
      const credential = await validate();
      isGood = 'viewer' in credential;
      return credential;
    } finally {
      line.running -= 1;
      if (isGood) limiter.giveBack(network);
      // When nothing runs, no more budget comes back: all that wait are woken, and fail.
      const woken = line.running > 0 ? Number(isGood) : line.waiting.length;
      if (line.running === 0) lines.delete(network);
      for (const wake of line.waiting.splice(0, woken)) wake();
    }
  };
  const limited = async (network: string, validate: () => Promise<Credential>): Promise<Credential> => {
    for (;;) {
      const retryAfterMs = limiter.take(network);
      const line = lines.get(network);
      if (retryAfterMs === 0) return await run(network, line ?? { running: 0, waiting: [] }, validate);
      if (line === undefined) return { failure: new GatewayError('RATE_LIMITED', { retryAfterMs }) };
      await new Promise<void>((resolve) => line.waiting.push(resolve));
    }
  };
  return (validate: ValidateToken): ValidateToken =>
    async (token, clientAddress) =>
      await limited(networkOf(clientAddress), async () => await validate(token, clientAddress));
}
