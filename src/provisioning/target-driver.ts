import type { ProvisioningDriver } from './driver.js';
import { httpDriver } from './http-driver.js';
import { simulatedDriver } from './simulated-driver.js';

/** Where settings go. */
type Target =
  | { readonly kind: 'http'; readonly url: string; readonly secret: string }
  | { readonly kind: 'simulated'; readonly delayMs: number; readonly failurePercent: number };

/** The driver for a target; a further kind of target gets its line here. */
export function driverFor(target: Target): ProvisioningDriver {
  switch (target.kind) {
    case 'http':
      return httpDriver(target.url, target.secret);
    case 'simulated':
      return simulatedDriver(target.delayMs, target.failurePercent);
  }
}
