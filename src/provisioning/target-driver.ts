import type { ProvisioningTarget } from '../config/settings.js';
import type { Logger } from 'pino';
import type { ProvisioningDriver } from './driver.js';
import { httpDriver } from './http-driver.js';
import { simulatedDriver } from './simulated-driver.js';

/** The driver for a target; a further kind of target gets its line here. */
export function driverFor(target: ProvisioningTarget, log: Logger): ProvisioningDriver {
  switch (target.kind) {
    case 'http':
      return httpDrivers(target, log);
    case 'simulated':
      return simulatedDriver(target.delayMs, target.failurePercent);
  }
}

/** Settings go to one URL, removals to another one, which may be the same. */
function httpDrivers(
  { url, removalUrl, secret }: Extract<ProvisioningTarget, { readonly kind: 'http' }>,
  log: Logger,
): ProvisioningDriver {
  const send = httpDriver(url, secret);
  const remove = removalUrl === undefined ? undefined : httpDriver(removalUrl, secret);
  return async (order, signal) => {
    if (order.kind !== 'REMOVAL') return await send(order, signal);
    if (remove !== undefined) return await remove(order, signal);
    log.info({ deviceId: order.deviceId }, REMOVAL_NOT_SENT);
    return { kind: 'applied' };
  };
}

/** What the log says of a device that was deleted without a place to send its removal to. */
export const REMOVAL_NOT_SENT = 'device deleted without asking it: PROVISIONING_REMOVAL_URL is not set';
