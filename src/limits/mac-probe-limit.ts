import type { MacProbeLimit } from '../operations/mac-probes.js';
import { RateLimiter } from './rate-limiter.js';
import { RefundableBudget } from './refundable-budget.js';

const HOUR_MS = 3_600_000;
const MAX_SUBJECTS = 50_000;
/** Of a subject: what waits takes a place among the requests of all. */
const MAX_WAITING = 100;

const NO_LIMIT: MacProbeLimit = { run: async (_, work) => ({ result: await work() }) };

/** How often a subject may learn that a MAC address is in use. @param perHour 0: any number of times */
export function macProbeLimit(perHour: number): MacProbeLimit {
  if (perHour === 0) return NO_LIMIT;
  const limiter = new RateLimiter({ count: perHour, periodMs: HOUR_MS }, MAX_SUBJECTS);
  return new RefundableBudget(limiter, MAX_WAITING);
}
