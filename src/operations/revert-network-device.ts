import { mayReadDevice } from '../access/policy.js';
import { updateReach } from '../access/reach.js';
import type { Viewer } from '../access/viewer.js';
import { parseMac } from '../domain/addresses.js';
import type { DeviceSettings } from '../domain/device.js';
import { revertPatch, unknownPaths, type WantedPaths, wantedPaths } from '../domain/revert-patch.js';
import { idOrNone } from '../domain/id.js';
import { assertNoViolation, invalidValue, type Violation } from '../errors/gateway-error.js';
import type { FoundDevice } from '../persistence/devices/read-device.js';
import { openWifi } from '../secrets/device-secrets.js';
import type { SealedText } from '../secrets/key-ring.js';
import { assertChangeable, type ChangeParts, type ChangeRequest } from './change-device.js';
import type { DeviceView } from './device-view.js';
import type { HistoryFinder } from './read-device-history.js';
import { decideUpdate } from './update-network-device.js';
import { type Decision, findDevice, writeDevice } from './write-device.js';

/** What a client asks a revert for. */
export interface RevertRequest extends ChangeRequest {
  /** The version whose settings are to come back. */
  readonly toVersion: number;
  /** Only these settings; null for all. */
  readonly paths: readonly string[] | null;
}

/** What the operation works with. */
export interface RevertParts extends ChangeParts {
  readonly history: HistoryFinder;
}

/** Maximum number of paths: more than there are. */
const MAX_PATHS = 100;

/** What is gone back to. */
interface Target {
  readonly settings: DeviceSettings<SealedText>;
  /** The version with which other hardware came last, when they were found; null for the first hardware. */
  readonly replacedVersion: number | null;
}

/**
 * Brings settings of an earlier version back, as an ordinary update would: by the rules and to the model of now, at a new version.
 * @returns the device as written, or as it would have been for a dry run
 * @throws as an update; INVALID_VALUE also for a version whose settings cannot be gone back to, and for paths that there are not
 */
export async function revertNetworkDevice(
  parts: RevertParts,
  viewer: Viewer,
  request: RevertRequest,
): Promise<DeviceView> {
  // What a version held never changes, so it is read before the device: the MAC address that is wanted is known with it.
  const target = await findTarget(parts.history, viewer, request);
  const isMacWanted = target !== undefined && wantedOf(request, target.replacedVersion)('macAddress');
  const macAddress = isMacWanted ? target.settings.macAddress : '';
  return await writeDevice(parts, viewer, request, {
    find: findDevice,
    macAddress: parseMac(macAddress) ?? null,
    decide: (found) => decideRevert(parts, request, target, found),
  });
}

/** Undefined where it is not known, or not for the viewer. */
async function findTarget(
  history: HistoryFinder,
  viewer: Viewer,
  { id, toVersion }: RevertRequest,
): Promise<Target | undefined> {
  if (toVersion < 1) return undefined;
  const reach = updateReach(viewer);
  const found = await history.version({ id: idOrNone(id), reach, version: toVersion });
  if (found?.settings === undefined) return undefined;
  const { settings, owner, ownerThen = owner, replacedVersion } = found;
  if (!mayReadDevice(viewer, ownerThen)) return undefined;
  return { settings, replacedVersion };
}

/** What is wanted of a device that got other hardware with this version; null for one that has its first. */
function wantedOf({ toVersion, paths }: RevertRequest, replacedVersion: number | null): WantedPaths {
  return wantedPaths(paths, replacedVersion !== null && replacedVersion > toVersion);
}

function decideRevert(
  parts: RevertParts,
  request: RevertRequest,
  target: Target | undefined,
  found: FoundDevice,
): Decision {
  const { toVersion, paths, expectedVersion, dryRun } = request;
  const { device } = found;
  assertChangeable(device, expectedVersion);
  const isEarlier = toVersion < device.version;
  assertNoViolation([
    ...(target === undefined || !isEarlier ? [invalidValue('toVersion', versionRule(isEarlier))] : []),
    ...pathViolations(paths ?? []),
  ]);
  if (target === undefined) throw new Error('A target that is not known is a violation.');
  const { wifi, ...settings } = target.settings;
  const earlier = { ...settings, wifi: openWifi(parts.secrets, device.id, wifi) };
  // Other hardware may have come after the target was found.
  const isWanted = wantedOf(request, found.replacedVersion ?? target.replacedVersion);
  const patch = revertPatch(device, earlier, isWanted);
  const entry = { action: 'REVERT', revertedTo: toVersion } as const;
  // Then it does not matter who has the address that was wanted before.
  const wanted = isWanted('macAddress') ? found : { ...found, isMacTaken: false, takesMac: false };
  return decideUpdate(parts, { patch, expectedVersion, dryRun }, wanted, entry);
}

function versionRule(isEarlier: boolean): string {
  return isEarlier
    ? 'The settings of this version are not known.'
    : 'Only to an earlier version of the device.';
}

function pathViolations(paths: readonly string[]): readonly Violation[] {
  if (paths.length > MAX_PATHS) return [invalidValue('paths', `At most ${MAX_PATHS} paths.`)];
  return unknownPaths(paths).map((index) => invalidValue(`paths[${index}]`, 'An update has no such path.'));
}
