import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import { type Device, type DeviceSettings, updatedDevice } from '../domain/device.js';
import { namesOfChanges } from '../domain/device-changes.js';
import { applyPatch, type DevicePatch } from '../domain/device-patch.js';
import { violationsOfUpdate, isSameSettings } from '../domain/device-rules.js';
import { assertNoViolation, GatewayError, invalidValue, type Violation } from '../errors/gateway-error.js';
import type { AuditEntry } from '../persistence/rows/audit.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import { type DeviceSecrets, openDevice, sealWifi, withCurrentSeals } from '../secrets/device-secrets.js';
import type { DeviceView } from './device-view.js';
import {
  assertVersion,
  type Decision,
  findDevice,
  MAC_TAKEN,
  writeDevice,
  type WriteParts,
  type WriteRequest,
} from './write-device.js';

/** What a client asks an update for. */
export interface UpdateRequest extends WriteRequest {
  readonly patch: DevicePatch;
  /** The version that the patch is based on; null or undefined when any will do. */
  readonly expectedVersion: number | null | undefined;
  /** Do everything but write. */
  readonly dryRun: boolean;
}

/** What the operation works with. */
export interface UpdateParts extends WriteParts {
  readonly secrets: DeviceSecrets;
  readonly now: () => Date;
}

/**
 * Changes a device's settings: absent leaves, null clears, a value sets. Atomic, and nothing is lost when two
 * change one device at once.
 * @returns the device as written, or as it would have been for a dry run
 * @throws ACCESS_DENIED (NOT_FOUND to ADMIN), DEVICE_DELETING, VERSION_CONFLICT, or INVALID_VALUE and
 *   MAC_ADDRESS_IN_USE with every violation; RATE_LIMITED after too many of the latter
 */
export async function updateNetworkDevice(
  parts: UpdateParts,
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
  { secrets, now }: UpdateParts,
  { patch, expectedVersion, dryRun }: Pick<UpdateRequest, 'patch' | 'expectedVersion' | 'dryRun'>,
  found: FoundDevice,
  entry: Pick<AuditEntry, 'action' | 'revertedTo'>,
): Decision {
  const before = openDevice(secrets, found.device);
  const after = mergedSettings(before, patch, expectedVersion, found.isMacTaken);
  if (after === undefined) return { device: found.device };
  const { device: next, needsJob } = updatedDevice(before, after, now());
  const wifiBefore = { opened: before.wifi, stored: found.device.wifi };
  const device = { ...next, wifi: sealWifi(secrets, before.id, next.wifi, wifiBefore) };
  if (dryRun) return { device };
  const paths = namesOfChanges(before, after);
  const stored = withCurrentSeals(secrets, found.device, before);
  return { device, write: { kind: 'update', needsJob, before: stored, paths, ...entry } };
}

/** The settings to write, or undefined when the update changes nothing. Everything that forbids it is thrown. */
function mergedSettings(
  device: Device,
  patch: DevicePatch,
  expectedVersion: number | null | undefined,
  isMacTaken: boolean,
): DeviceSettings | undefined {
  if (device.state === 'DELETING') throw new GatewayError('DEVICE_DELETING');
  assertVersion(device, expectedVersion);
  const after = applyPatch(device, patch);
  assertNoViolation(violationsOf(device, after, patch, isMacTaken));
  return isSameSettings(device, after) ? undefined : after;
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
