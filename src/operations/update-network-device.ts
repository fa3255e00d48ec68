import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import { type Device, type DeviceSettings, updatedDevice } from '../domain/device.js';
import { namesOfChanges } from '../domain/device-changes.js';
import { applyPatch, type DevicePatch } from '../domain/device-patch.js';
import { violationsOfUpdate, isSameSettings } from '../domain/device-rules.js';
import { assertNoViolation, invalidValue, type Violation } from '../errors/gateway-error.js';
import type { AuditEntry } from '../persistence/rows/audit.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import type { DeviceView } from './device-view.js';
import { type ChangeParts, type ChangeRequest, decideChange } from './change-device.js';
import { type Decision, findDevice, MAC_TAKEN, writeDevice } from './write-device.js';

/** What a client asks an update for. */
export interface UpdateRequest extends ChangeRequest {
  readonly patch: DevicePatch;
}

/**
 * Changes a device's settings: absent leaves, null clears, a value sets. Atomic, and nothing is lost when two
 * change one device at once.
 * @returns the device as written, or as it would have been for a dry run
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), DEVICE_DELETING, VERSION_CONFLICT, or INVALID_VALUE and
 *   MAC_ADDRESS_IN_USE with every violation; RATE_LIMITED after too many of the latter
 */
export async function updateNetworkDevice(
  parts: ChangeParts,
  viewer: Viewer,
  request: UpdateRequest,
): Promise<DeviceView> {
  return await writeDevice(parts, viewer, request, {
    find: findDevice,
    macAddress: parseMac(request.patch.macAddress ?? '') ?? null,
    decide: (found) => decideUpdate(parts, request, found, { action: 'UPDATE' }),
  });
}

/**
 * What a patch makes of a device.
 * @param entry what the audit trail calls it
 */
export function decideUpdate(
  parts: ChangeParts,
  request: Pick<UpdateRequest, 'patch' | 'expectedVersion' | 'dryRun'>,
  found: FoundDevice,
  entry: Pick<AuditEntry, 'action' | 'revertedTo'>,
): Decision {
  const { patch } = request;
  const leavesWifi = patch.wifi === undefined;
  return decideChange(parts, { ...request, leavesWifi }, found, (before) => {
    const after = applyPatch(before, patch);
    assertNoViolation(violationsOf(before, after, patch, found.isMacTaken));
    if (isSameSettings(before, after)) return undefined;
    const { device: next, needsJob } = updatedDevice(before, after, parts.now());
    return { next, write: { kind: 'update', needsJob, paths: namesOfChanges(before, after), ...entry } };
  });
}

/** Every violation in the order of the input's fields; a MAC address that is taken stands at its own place. */
function violationsOf(
  device: Device,
  after: DeviceSettings,
  patch: DevicePatch,
  isMacTaken: boolean,
): Violation[] {
  const broken = violationsOfUpdate(device, after, device, patch);
  const violations = broken.map(({ path, message }) => invalidValue(path, message));
  if (!isMacTaken) return violations;
  const isBeforeMac = ({ path }: Violation): boolean => path === 'name' || path === 'notes';
  return [
    ...violations.filter(isBeforeMac),
    MAC_TAKEN,
    ...violations.filter((violation) => !isBeforeMac(violation)),
  ];
}
