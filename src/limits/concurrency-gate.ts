import { GatewayError } from '../errors/gateway-error.js';
import { Semaphore } from '../timing/semaphore.js';

/** When a client that was refused may try again: most work is done by then. */
const RETRY_AFTER_MS = 1_000;

/**
 * Runs work while less than this much of it runs already.
 * @throws OVERLOADED at once, before any work, when as much runs as may
 */
export type ConcurrencyGate = <T>(work: () => Promise<T>) => Promise<T>;

/** A gate that lets a maximum number of pieces of work run at once: those beyond would wait for longer than their clients do. */
export function concurrencyGate(most: number): ConcurrencyGate {
  const refusal = (): GatewayError => new GatewayError('OVERLOADED', { retryAfterMs: RETRY_AFTER_MS });
  const slots = new Semaphore(most, { maxWaitMs: 0, refusal });
  return async (work) => await slots.run(work);
}
