import { setTimeout as delay } from 'node:timers/promises';
import type { ProvisioningDriver } from './driver.js';

/**
 * A device that is not there, for development and demos.
 * @param delayMs how long it takes
 * @param failurePercent how many attempts of a hundred fail, by chance
 */
export function simulatedDriver(delayMs: number, failurePercent: number): ProvisioningDriver {
  return async (_order, signal) => {
    await delay(delayMs, undefined, { signal });
    const isLucky = Math.random() * 100 >= failurePercent;
    return isLucky ? { kind: 'applied' } : { kind: 'failed', reason: 'The simulated device did not answer.' };
  };
}
