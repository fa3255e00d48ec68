import type { Device } from '../domain/device.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import { type DeviceSecrets, openDevice, sealWifi, withCurrentSeals } from '../secrets/device-secrets.js';
import { assertVersion, type Decision, type WriteParts, type WriteRequest } from './write-device.js';

/** What a client asks every operation for that changes settings or hardware of a device. */
export interface ChangeRequest extends WriteRequest {
  /** The version that the client knows; null or undefined when any will do. */
  readonly expectedVersion: number | null | undefined;
  /** Do everything but write. */
  readonly dryRun: boolean;
}

/** What these operations work with. */
export interface ChangeParts extends WriteParts {
  readonly secrets: DeviceSecrets;
  readonly now: () => Date;
}

/** What a change makes of a device. */
interface Change {
  /** The device after it, its passwords in clear. */
  readonly next: Device;
  readonly write: Omit<NonNullable<Decision['write']>, 'before'>;
}

/** What of a request the decision on its change needs. */
interface DecidedRequest extends Pick<ChangeRequest, 'expectedVersion' | 'dryRun'> {
  /** Whether the change is decided without WiFi, which stays as it is: nothing of it is opened. */
  readonly leavesWifi?: boolean;
}

/**
 * Decides on a change of a device: passwords that did not change keep their seal, and its history gets the device as it was.
 * @param changeOf the change of the device, given with its passwords in clear, or without WiFi; undefined when nothing
 *   changes. It throws everything that forbids the change
 * @throws DEVICE_DELETING, VERSION_CONFLICT
 */
export function decideChange(
  { secrets }: ChangeParts,
  { expectedVersion, dryRun, leavesWifi = false }: DecidedRequest,
  { device: stored }: FoundDevice,
  changeOf: (before: Device) => Change | undefined,
): Decision {
  assertChangeable(stored, expectedVersion);
  const before = leavesWifi ? { ...stored, wifi: null } : openDevice(secrets, stored);
  const change = changeOf(before);
  if (change === undefined) return { device: stored };
  const { next, write } = change;
  const kept = withCurrentSeals(secrets, stored);
  const wifi = leavesWifi
    ? kept.wifi
    : sealWifi(secrets, stored.id, next.wifi, { opened: before.wifi, stored: kept.wifi });
  const device = { ...next, wifi };
  return dryRun ? { device } : { device, write: { ...write, before: kept } };
}

/**
 * Makes sure that a device may be changed at the version that the client knows.
 * @throws DEVICE_DELETING, VERSION_CONFLICT
 */
export function assertChangeable(
  device: Pick<Device, 'state' | 'version'>,
  expectedVersion: ChangeRequest['expectedVersion'],
): void {
  if (device.state === 'DELETING') throw new GatewayError('DEVICE_DELETING');
  assertVersion(device, expectedVersion);
}
