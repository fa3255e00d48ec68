import { updateReach } from '../access/reach.js';
import type { Viewer } from '../access/viewer.js';
import { endedDevice, removedDevice } from '../domain/device.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import type { DeviceView, IdentityView } from './device-view.js';
import {
  assertVersion,
  type Decision,
  findDevice,
  writeDevice,
  type WriteParts,
  type WriteRequest,
} from './write-device.js';

/** What a client asks a delete for. */
export interface DeleteRequest extends WriteRequest {
  /** End the device at once, without asking it. */
  readonly force: boolean;
  /** The version that the client knows; null or undefined when any will do. */
  readonly expectedVersion: number | null | undefined;
}

/** What the operation works with. */
export interface DeleteParts extends WriteParts {
  readonly removals: Removals;
  readonly now: () => Date;
}

/** How devices are taken out of service. */
export interface Removals {
  /** Whether removals are sent to an endpoint. */
  readonly areSent: boolean;
  /** Called with a device that was deleted without a removal. */
  readonly onNotSent: (deviceId: string) => void;
}

/**
 * Deletes a device: DELETING at once, and gone when its removal has ended well. Deleting it again queues another removal when the
 * one before failed, and changes nothing while one is open.
 * @returns the device in state DELETING; nothing but its id and state for a repeat after its end
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), VERSION_CONFLICT
 */
export async function deleteNetworkDevice(
  parts: DeleteParts,
  viewer: Viewer,
  request: DeleteRequest,
): Promise<DeviceView | IdentityView> {
  const isAsked = parts.removals.areSent || request.force;
  try {
    const view = await writeDevice(parts, viewer, request, {
      find: findDevice,
      macAddress: null,
      decide: (found) => decideDelete(parts, request, found),
    });
    if (!isAsked && view.isReplay !== true) parts.removals.onNotSent(view.device.id);
    return view;
  } catch (error) {
    const gone = isMissing(error) ? await repeatedDelete(parts, viewer, request) : undefined;
    if (gone === undefined) throw error;
    return gone;
  }
}

function decideDelete(
  { removals, now }: DeleteParts,
  { force, expectedVersion }: DeleteRequest,
  { device }: FoundDevice,
): Decision {
  assertVersion(device, expectedVersion);
  const audit = { action: 'DELETE', paths: [] } as const;
  if (force || !removals.areSent) {
    return { device: endedDevice(device, now()), write: { kind: 'end', needsJob: false, ...audit } };
  }
  if (device.hasOpenRemoval) return { device };
  return { device: removedDevice(device, now()), write: { kind: 'delete', needsJob: true, ...audit } };
}

function isMissing(error: unknown): boolean {
  return error instanceof GatewayError && (error.code === 'ACCESS_DENIED' || error.code === 'NOT_FOUND');
}

/** The answer to a repeat whose device is gone by now; undefined for everything else. */
async function repeatedDelete(
  { devices, keys }: DeleteParts,
  viewer: Viewer,
  { once }: DeleteRequest,
): Promise<IdentityView | undefined> {
  if (once === undefined || updateReach(viewer).kind === 'nothing') return undefined;
  const key = keys.digest(viewer.subject, once.key, once.call);
  const kept = await keys.find(key);
  if (kept?.argsDigest !== key.argsDigest) return undefined;
  const isThere = (await devices.find({ kind: 'all' }, kept.objectId)) !== undefined;
  return isThere ? undefined : { identityOf: { id: kept.objectId, version: null, state: 'DELETING' } };
}
