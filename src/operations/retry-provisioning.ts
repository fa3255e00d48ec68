import { mayReadWifiPasswords, mayUpdateDevice } from '../access/policy.js';
import { updateScope } from '../access/reach.js';
import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { provisionedAnew, withProgress } from '../domain/device.js';
import { idOrNone } from '../domain/id.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { DeviceStore } from '../persistence/device-store.js';
import type { DeviceView } from './device-view.js';

/**
 * Sends the settings of a device to it once more, in place of a job that waits.
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), DEVICE_DELETING
 */
export async function retryProvisioning(
  devices: Pick<DeviceStore, 'find' | 'queueJob'>,
  viewer: Viewer,
  id: string,
  requestId: string,
): Promise<DeviceView> {
  const scope = updateScope(viewer);
  const device = await devices.find(scope, idOrNone(id));
  if (device === undefined || !mayUpdateDevice(viewer, device.customer)) throw refusal(viewer);
  const progress = await devices.queueJob(scope, device.id, {
    action: 'retryProvisioning',
    paths: [],
    subject: viewer.subject,
    accessLevel: viewer.level,
    requestId,
  });
  if (progress === undefined) {
    if (device.state === 'DELETING') throw new GatewayError('DEVICE_DELETING');
    // Since it was read it went away, to somebody else, or began to.
    return await retryProvisioning(devices, viewer, id, requestId);
  }
  const passwords = mayReadWifiPasswords(viewer, device.customer) ? 'shown' : 'refused';
  return { device: withProgress(provisionedAnew(device), progress), passwords };
}
