import type { DeviceSettings } from '../../domain/device.js';
import { type DeviceAction, type OldValues, ValuesByVersion } from '../../domain/device-history.js';
import type { SealedText } from '../../secrets/key-ring.js';
import { RowReader } from '../database/row-reader.js';
import { writeDhcp, writeWifi } from '../rows/fields.js';
import { readSettings } from '../rows/settings-columns.js';

// How entries of the audit trail are read as changes, with the settings before and after them.

/** Settings as they were stored. */
export type Settings = DeviceSettings<SealedText>;

/** Whose a device is, or was. */
export interface Owner {
  readonly id: string;
  /** From the top of the tree down to the customer itself; empty when the customer is not there any more. */
  readonly ancestorIds: readonly string[];
}

/** One entry of the audit trail of a device, with the settings before and after it. */
export interface RecordedChange {
  /** 24 hex digits; a later change has a higher one. */
  readonly id: string;
  readonly version: number;
  readonly at: Date;
  /** Null for one that nobody knows. */
  readonly action: DeviceAction | null;
  readonly by: string;
  readonly accessLevel: string | null;
  readonly requestId: string;
  readonly paths: readonly string[];
  /** Whose the device was; undefined where the entry does not say. */
  readonly owner: Owner | undefined;
  /** Null where they are not known, and before a device that was new. */
  readonly before: Settings | null;
  readonly after: Settings | null;
}

const ENTRY_COLUMNS = [
  'id',
  'version',
  'at',
  'action',
  'subject',
  'access_level',
  'request_id',
  'paths',
  'customer_id',
  'ancestor_ids',
  'is_kept',
  'old_values',
];
/** Reads an entry that was selected as `entryColumns`. */
const readEntry = RowReader.forColumns(ENTRY_COLUMNS);

/** An entry `a` of a device `d`, and its customer `c`. @param withValues a condition: whether its old values are read */
export const entryColumns = (withValues = 'true'): string =>
  `json_build_array(lpad(to_hex(a.id), 24, '0'), a.version, a.at, a.action, a.subject, a.access_level, a.request_id, a.paths,
    a.customer_id, c.ancestor_ids, is_kept, CASE WHEN is_kept AND ${withValues} THEN a.old_values END)`;
/**
 * Old values are read for as long as they are kept, also before they are removed. An entry that never had any may be of a device
 * that was gone before this one was imported under its id.
 */
export const KEPT = `CROSS JOIN LATERAL (
      SELECT ($1::float8 = 0 OR a.at >= now() - $1::float8 * interval '1 millisecond')
        AND (a.old_values IS NOT NULL OR a.at >= d.created_at) AS is_kept
    ) kept`;
export const ITS_CUSTOMER = 'LEFT JOIN customer c ON c.id = a.customer_id';

/** The entries in a list of a row. */
export function entriesIn(row: RowReader, list: 'entries' | 'later'): readonly RowReader[] {
  return row.list(list).map((entry) => readEntry(entry));
}

/** An image that is older than a column of a section lacks it. */
const NO_SECTIONS = { ...writeWifi(null), ...writeDhcp(null) };

/** The settings at each version that the entries of a row lead back to; each is read once. */
export function settingsByVersion(
  row: RowReader,
  entries: readonly RowReader[],
): (version: number) => Settings | undefined {
  const changes = new Map<number, OldValues>();
  // The newest entry of a version counts: a device that was imported anew under its id begins at 1 again.
  for (const entry of [...entries.toReversed(), ...entriesIn(row, 'later')]) {
    const values = entry.objectOrNull('old_values');
    if (values !== null) changes.set(entry.int('version'), values);
  }
  const current = { version: row.int('version'), values: row.object('settings') };
  const values = new ValuesByVersion(current, changes);
  const known = new Map<OldValues, Settings>();
  return (version) => {
    const columns = values.at(version);
    if (columns === undefined) return undefined;
    const settings = known.get(columns) ?? readSettings(RowReader.of({ ...NO_SECTIONS, ...columns }));
    known.set(columns, settings);
    return settings;
  };
}

/** Names of actions in entries of the build before. */
const OLD_ACTIONS: Readonly<Record<string, DeviceAction>> = {
  updateNetworkDevice: 'UPDATE',
  retryProvisioning: 'RETRY',
};
const ACTIONS: readonly DeviceAction[] = [
  'CREATE',
  'UPDATE',
  'REPLACE',
  'REVERT',
  'DELETE',
  'RETRY',
  'IMPORT',
];

/** Reads a change out of its entry. */
export function toChange(
  entry: RowReader,
  settingsAt: (version: number) => Settings | undefined,
): RecordedChange {
  const version = entry.int('version');
  const text = entry.text('action');
  const action = OLD_ACTIONS[text] ?? ACTIONS.find((known) => known === text) ?? null;
  const changesNothing = action === 'RETRY' || action === 'DELETE';
  const areKnown = entry.flag('is_kept') && (changesNothing || entry.exists('old_values'));
  const after = areKnown ? (settingsAt(version) ?? null) : null;
  const isNew = action === 'CREATE' || action === 'IMPORT';
  const before = areKnown && !isNew ? (settingsAt(version - 1) ?? null) : null;
  return {
    id: entry.text('id'),
    version,
    at: entry.time('at'),
    action,
    by: entry.text('subject'),
    accessLevel: entry.textOrNull('access_level'),
    requestId: entry.text('request_id'),
    // The model of replaced hardware is no setting.
    paths: textsIn(entry.list('paths')).filter((path) => path !== 'model'),
    owner: ownerThen(entry),
    before: changesNothing ? after : before,
    after,
  };
}

/** Whose the device of a row is. */
export function ownerOf(row: RowReader): Owner {
  return { id: row.text('owner_id'), ancestorIds: textsIn(row.list('owner_ancestor_ids')) };
}

/** Whose the device was when an entry was written; undefined where it does not say. */
export function ownerThen(entry: RowReader): Owner | undefined {
  const id = entry.textOrNull('customer_id');
  if (id === null) return undefined;
  return { id, ancestorIds: entry.exists('ancestor_ids') ? textsIn(entry.list('ancestor_ids')) : [] };
}

function textsIn(list: readonly unknown[]): readonly string[] {
  return list.filter((text) => typeof text === 'string');
}
