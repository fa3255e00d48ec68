import type { MacProbeLimit } from '../operations/mac-probes.js';
import { RateLimiter } from './rate-limiter.js';

/** More than anybody mistypes; far too few to find out which devices exist. */
const PROBES_PER_HOUR = 100;
const HOUR_MS = 3_600_000;
const MAX_SUBJECTS = 50_000;

/** How often a subject may learn that a MAC address is in use. */
export function macProbeLimit(): MacProbeLimit {
  return new RateLimiter({ count: PROBES_PER_HOUR, periodMs: HOUR_MS }, MAX_SUBJECTS);
}
