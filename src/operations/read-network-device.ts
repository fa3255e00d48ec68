import { mayReadDevice, mayReadWifiPasswords } from '../access/policy.js';
import { readReach } from '../access/reach.js';
import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { idOrNone } from '../domain/id.js';
import type { DeviceStore } from '../persistence/devices/device-store.js';
import type { DeviceView } from './device-view.js';

/**
 * One device by its id.
 * @throws ACCESS_DENIED when it is missing, out of reach, or the id is none; NOT_FOUND to ADMIN
 */
export async function readNetworkDevice(
  devices: Pick<DeviceStore, 'find'>,
  viewer: Viewer,
  id: string,
): Promise<DeviceView> {
  const device = await devices.find(readReach(viewer), idOrNone(id));
  if (device === undefined || !mayReadDevice(viewer, device.customer)) throw refusal(viewer);
  return { device, passwords: mayReadWifiPasswords(viewer, device.customer) ? 'shown' : 'refused' };
}
