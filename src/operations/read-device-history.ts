import DataLoader from 'dataloader';
import { mayReadDevice, mayReadWifiPasswords, mayUpdateDevice } from '../access/policy.js';
import { readReach } from '../access/reach.js';
import { ACCESS_LEVELS, type AccessLevel, type Viewer } from '../access/viewer.js';
import type { DeviceSettings } from '../domain/device.js';
import { inputError } from '../errors/gateway-error.js';
import type {
  ChangesLookup,
  DeviceHistory,
  FoundChanges,
  FoundVersion,
  VersionLookup,
} from '../persistence/devices/device-history.js';
import type { Owner, RecordedChange } from '../persistence/devices/recorded-changes.js';
import type { SealedText } from '../secrets/key-ring.js';
import type { PasswordAccess } from './device-view.js';
import type { Page } from './paging.js';

/** Finds the history of one device; what many devices ask for at once is found together. */
export interface HistoryFinder {
  readonly changes: (lookup: ChangesLookup) => Promise<FoundChanges | undefined>;
  readonly version: (lookup: VersionLookup) => Promise<FoundVersion | undefined>;
}

/** The settings of a device at one of its versions, as one viewer gets them. */
export interface SettingsView {
  readonly deviceId: string;
  readonly version: number;
  readonly settings: DeviceSettings<SealedText>;
  /** As in lists: never refused with an error. */
  readonly passwords: PasswordAccess;
}

/** A change as one viewer gets it: who made it, by which request, and the values are null where the viewer may not read them. */
export interface ChangeView extends Pick<RecordedChange, 'id' | 'version' | 'at' | 'action'> {
  readonly by: string | null;
  readonly accessLevel: AccessLevel | null;
  readonly requestId: string | null;
  readonly paths: readonly string[];
  readonly before: SettingsView | null;
  readonly after: SettingsView | null;
}

/** Maximum number of changes on a page. */
const MAX_CHANGES = 100;

/** Which changes of a device a client asks for. */
export interface ChangesRequest {
  readonly first: number;
  /** The cursor that they follow; null for the newest. */
  readonly after: string | null;
  /** Whether the settings before and after them are asked for; they are null otherwise. */
  readonly withValues: boolean;
}

/**
 * What was changed of a device, the newest first. Whoever reads the device reads what was changed; who did it is for those who may
 * update it, and both, with the values, for those who may read the devices of the customer that had it then.
 * @throws INVALID_VALUE for a `first` that is not from 0 to 100, and for an unreadable cursor
 */
export async function readDeviceChanges(
  find: HistoryFinder,
  viewer: Viewer,
  deviceId: string,
  { first, after, withValues }: ChangesRequest,
): Promise<Page<ChangeView>> {
  if (first < 0 || first > MAX_CHANGES) throw invalid('first', `A number from 0 to ${MAX_CHANGES}.`);
  const before = after === null ? null : changeOf(after);
  const page = { limit: first + 1, before, withValues };
  const found = await find.changes({ id: deviceId, reach: readReach(viewer), ...page });
  const { owner, changes } = found ?? { owner: undefined, changes: [] };
  return {
    nodes: changes
      .slice(0, first)
      .flatMap((change) => (owner === undefined ? [] : [toChangeView(viewer, deviceId, owner, change)])),
    hasNextPage: changes.length > first,
    hasPreviousPage: before !== null,
  };
}

/**
 * The settings of a device at one of its versions; null for one that never was, whose values are not known or not kept, or that
 * was made while the device was another customer's whose devices the viewer may not read.
 */
export async function readSettingsAt(
  find: HistoryFinder,
  viewer: Viewer,
  deviceId: string,
  version: number,
): Promise<SettingsView | null> {
  if (version < 1) return null;
  const found = await find.version({ id: deviceId, reach: readReach(viewer), version });
  if (found?.settings === undefined) return null;
  const { owner, ownerThen = owner, settings } = found;
  if (!mayReadDevice(viewer, ownerThen)) return null;
  return { deviceId, version, settings, passwords: passwordsOf(viewer, owner, ownerThen) };
}

function toChangeView(
  viewer: Viewer,
  deviceId: string,
  owner: Owner,
  { owner: ownerThen = owner, before, after, by, accessLevel, requestId, ...change }: RecordedChange,
): ChangeView {
  const isTheirs = mayReadDevice(viewer, ownerThen);
  const isTold = isTheirs && mayUpdateDevice(viewer, owner);
  const passwords = passwordsOf(viewer, owner, ownerThen);
  const view = (version: number, settings: DeviceSettings<SealedText> | null): SettingsView | null =>
    isTheirs && settings !== null ? { deviceId, version, settings, passwords } : null;
  const versionBefore = before === after ? change.version : change.version - 1;
  return {
    ...change,
    by: isTold ? by : null,
    accessLevel: isTold ? (ACCESS_LEVELS.find((level) => level === accessLevel) ?? null) : null,
    requestId: isTold ? requestId : null,
    before: view(versionBefore, before),
    after: view(change.version, after),
  };
}

function passwordsOf(viewer: Viewer, owner: Owner, ownerThen: Owner): PasswordAccess {
  const areShown = mayReadWifiPasswords(viewer, owner) && mayReadWifiPasswords(viewer, ownerThen);
  return areShown ? 'shown' : 'hidden';
}

const CURSOR_PREFIX = 'change:';

/** The opaque cursor of a change. It stays good whatever is written meanwhile. */
export function cursorOfChange(id: string): string {
  return Buffer.from(`${CURSOR_PREFIX}${id}`).toString('base64url');
}

/** The id of the change that a cursor stands for. Numbers of changes have 63 bits. */
function changeOf(cursor: string): string {
  const text = cursor.length > 100 ? '' : Buffer.from(cursor, 'base64url').toString('utf8');
  const [, id] = /^change:(0{8}[0-7][0-9a-f]{15})$/.exec(text) ?? [];
  if (id === undefined) throw invalid('after', 'Not a cursor of this connection.');
  return id;
}

function invalid(path: string, message: string): Error {
  return inputError([{ path, code: 'INVALID_VALUE', message }]);
}

/** Maximum number of lookups that one statement serves: as many as a list has devices. Each may read the entries between two images. */
const MAX_LOOKUPS = 1_000;

/**
 * Finds history in one statement for all devices that ask in one turn of the event loop, e.g. those of a page, and one for all
 * versions that are asked for. What is asked for twice in one turn is read once; nothing is kept longer, as devices change.
 */
export function batchedHistory({ changes, versions }: DeviceHistory): HistoryFinder {
  return { changes: oncePerTurn(changes), version: oncePerTurn(versions) };
}

function oncePerTurn<Lookup extends object, Found>(
  read: (lookups: readonly Lookup[]) => Promise<readonly (Found | Error)[]>,
): (lookup: Lookup) => Promise<Found> {
  const loader = new DataLoader<Lookup, Found, string>(
    async (lookups) => {
      loader.clearAll();
      return await read(lookups);
    },
    { cacheKeyFn: (lookup) => JSON.stringify(lookup), maxBatchSize: MAX_LOOKUPS },
  );
  return async (lookup) => await loader.load(lookup);
}
