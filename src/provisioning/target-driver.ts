import type { ProvisioningTarget } from '../config/settings.js';
import type { ProvisioningDriver } from './driver.js';
import { httpDriver } from './http-driver.js';
import { simulatedDriver } from './simulated-driver.js';

/** The driver for a target; a further kind of target gets its line here. */
export function driverFor(target: ProvisioningTarget): ProvisioningDriver {
  switch (target.kind) {
    case 'http':
      return httpDriver(target.url, target.secret);
    case 'simulated':
      return simulatedDriver(target.delayMs, target.failurePercent);
  }
}
