import { mayReadWifiPasswords, mayUpdateDevice } from '../access/policy.js';
import { updateScope } from '../access/reach.js';
import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import { type Device, type DeviceSettings, updatedDevice, withProgress } from '../domain/device.js';
import { namesOfChanges } from '../domain/device-changes.js';
import { applyPatch, type DevicePatch } from '../domain/device-patch.js';
import { faultsOfChange, isSameSettings } from '../domain/device-rules.js';
import { idOrNone } from '../domain/id.js';
import { CATALOGUE } from '../errors/catalogue.js';
import { GatewayError, inputFault, type Violation } from '../errors/gateway-error.js';
import type { DeviceStore, UpdateAttempt } from '../persistence/device-store.js';
import type { FoundDevice } from '../persistence/read-device.js';
import { type DeviceSecrets, openDevice, sealWifi } from '../persistence/device-secrets.js';
import type { DeviceView } from './device-view.js';
import { type MacProbeLimit, withinMacProbes } from './mac-probes.js';

/** What a client asks an update for. */
export interface UpdateRequest {
  /** As the client wrote it. */
  readonly id: string;
  readonly patch: DevicePatch;
  /** The version that the client's wishes are based on; undefined when any will do. */
  readonly expectedVersion: number | undefined;
  /** Do everything but write. */
  readonly dryRun: boolean;
  /** For the audit trail. */
  readonly requestId: string;
}

/** What the operation works with. */
export interface UpdateParts {
  readonly devices: DeviceStore;
  readonly secrets: DeviceSecrets;
  readonly now: () => Date;
  readonly macProbes: MacProbeLimit;
}

/** So many times somebody else may be first before an update locks the row; more would only waste work. */
const OPTIMISTIC_ATTEMPTS = 3;

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
  const attempt = async (tries: UpdateAttempt): Promise<DeviceView | undefined> =>
    await attemptUpdate(parts, viewer, request, tries);
  for (let count = 0; count < OPTIMISTIC_ATTEMPTS; count += 1) {
    const view = await attempt(parts.devices.optimistic);
    if (view !== undefined) return view;
  }
  const view = await parts.devices.locked(attempt);
  if (view === undefined) throw new Error('A locked row was changed by somebody else.');
  return view;
}

/** One read, one decision, one write; undefined when somebody else wrote in between. */
async function attemptUpdate(
  parts: UpdateParts,
  viewer: Viewer,
  request: UpdateRequest,
  { read, write }: UpdateAttempt,
): Promise<DeviceView | undefined> {
  const macAddress = parseMac(request.patch.macAddress ?? '') ?? null;
  const found = await read({ id: idOrNone(request.id), macAddress, scope: updateScope(viewer) });
  if (found === undefined || !mayUpdateDevice(viewer, found.device.customer)) {
    throw refusal(viewer);
  }
  const change = async (): Promise<DeviceView | undefined> =>
    await changeDevice(parts, viewer, request, found, write);
  const isProbe = macAddress !== null && macAddress !== found.device.macAddress;
  return await (isProbe ? withinMacProbes(parts.macProbes, viewer, change) : change());
}

/** Decides on a device that was read, and writes. */
async function changeDevice(
  { secrets, now }: UpdateParts,
  viewer: Viewer,
  { patch, expectedVersion, dryRun, requestId }: UpdateRequest,
  found: FoundDevice,
  write: UpdateAttempt['write'],
): Promise<DeviceView | undefined> {
  const passwords = mayReadWifiPasswords(viewer, found.device.customer) ? 'shown' : 'refused';
  const before = openDevice(secrets, found.device);
  const after = decide(before, patch, expectedVersion, found.isMacTaken);
  if (after === undefined) return { device: found.device, passwords };
  const { device: next, needsJob } = updatedDevice(before, after, now());
  const wifiBefore = { opened: before.wifi, stored: found.device.wifi };
  const sealed = { ...next, wifi: sealWifi(secrets, before.id, next.wifi, wifiBefore) };
  if (dryRun) return { device: sealed, passwords };
  const outcome = await write({
    device: sealed,
    scope: updateScope(viewer),
    needsJob,
    audit: {
      action: 'updateNetworkDevice',
      paths: namesOfChanges(before, after),
      subject: viewer.subject,
      accessLevel: viewer.level,
      requestId,
    },
  });
  if (outcome === 'outdated') return undefined;
  if (outcome === 'mac-taken') throw inputFault([MAC_TAKEN]);
  return { device: withProgress(sealed, outcome), passwords };
}

const MAC_TAKEN: Violation = {
  path: 'macAddress',
  code: 'MAC_ADDRESS_IN_USE',
  message: CATALOGUE.MAC_ADDRESS_IN_USE.message,
};

/** The settings to write, or undefined when the update changes nothing. Everything that forbids it is thrown. */
function decide(
  device: Device,
  patch: DevicePatch,
  expectedVersion: number | undefined,
  isMacTaken: boolean,
): DeviceSettings | undefined {
  const { version } = device;
  if (device.state === 'DELETING') throw new GatewayError('DEVICE_DELETING');
  if (expectedVersion !== undefined && expectedVersion !== version) {
    throw new GatewayError('VERSION_CONFLICT', { currentVersion: version });
  }
  const after = applyPatch(device, patch);
  const [first, ...others] = violationsOf(device, after, isMacTaken);
  if (first !== undefined) throw inputFault([first, ...others]);
  return isSameSettings(device, after) ? undefined : after;
}

/** Every violation in the order of the input's fields; a MAC address that is taken stands at its own place. */
function violationsOf(device: Device, after: DeviceSettings, isMacTaken: boolean): Violation[] {
  const faults = faultsOfChange(device, after, device);
  const violations = faults.map(({ path, message }): Violation => ({ path, code: 'INVALID_VALUE', message }));
  if (!isMacTaken) return violations;
  const isBeforeMac = ({ path }: Violation): boolean => path === 'name' || path === 'notes';
  return [
    ...violations.filter(isBeforeMac),
    MAC_TAKEN,
    ...violations.filter((violation) => !isBeforeMac(violation)),
  ];
}
