import type { Viewer } from '../access/viewer.js';
import { provisionedAnew } from '../domain/device.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import type { DeviceView } from './device-view.js';
import {
  type Decision,
  findDevice,
  writeDevice,
  type WriteParts,
  type WriteRequest,
} from './write-device.js';

/**
 * Sends the settings of a device to it once more, in place of a job that waits. The version stays.
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), DEVICE_DELETING
 */
export async function retryProvisioning(
  parts: WriteParts,
  viewer: Viewer,
  request: WriteRequest,
): Promise<DeviceView> {
  return await writeDevice(parts, viewer, request, {
    find: findDevice,
    macAddress: null,
    decide: decideRetry,
  });
}

function decideRetry({ device }: FoundDevice): Decision {
  if (device.state === 'DELETING') throw new GatewayError('DEVICE_DELETING');
  return {
    device: provisionedAnew(device),
    write: { kind: 'update', needsJob: true, action: 'RETRY', paths: [] },
  };
}
