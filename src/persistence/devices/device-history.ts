import { nextImage } from '../../domain/device-history.js';
import type { Reach } from '../../domain/reach.js';
import type { RawRow, RunStatement, Statement } from '../database/database.js';
import { RowReader, UnreadableRowError } from '../database/row-reader.js';
import { unsizedIds } from '../database/sql-builder.js';
import { SETTINGS_COLUMNS } from '../rows/settings-columns.js';
import { customerOf, reachedId } from './reach.js';
import {
  entriesIn,
  entryColumns,
  ITS_CUSTOMER,
  KEPT,
  type Owner,
  ownerOf,
  ownerThen,
  type RecordedChange,
  type Settings,
  settingsByVersion,
  toChange,
} from './recorded-changes.js';

// Where the history of a device is read. Its entries come by the primary key of the audit trail, and the values that lead back to
// them by the index of entries that hold values: at most as many as lie between two images, however far back.

/** What is asked of the history of one device. */
interface HistoryLookup {
  readonly id: string;
  /** Whose devices may be found. */
  readonly reach: Reach;
}

/** Which changes of a device are asked for. */
export interface ChangesLookup extends HistoryLookup {
  /** The newest of them. */
  readonly limit: number;
  /** Only those before the one with this id; null for all. */
  readonly before: string | null;
  /** Whether the settings before and after them are wanted, too; they are null otherwise. */
  readonly withValues: boolean;
}

/** Which version of a device is asked for. */
export interface VersionLookup extends HistoryLookup {
  /** From 1. */
  readonly version: number;
}

/** Changes of a device, the newest first. */
export interface FoundChanges {
  /** Whose the device is. */
  readonly owner: Owner;
  readonly changes: readonly RecordedChange[];
}

/** The settings of a device at a version. */
export interface FoundVersion {
  /** Whose the device is. */
  readonly owner: Owner;
  /** Whose the device was when the version was made, as far as that is known. */
  readonly ownerThen: Owner | undefined;
  /** Undefined where they are not known. */
  readonly settings: Settings | undefined;
  /** The version with which other hardware came last; null for the first hardware. */
  readonly replacedVersion: number | null;
}

/** The history of devices: one statement, however many of them. */
export interface DeviceHistory {
  /** @returns same length and order; undefined where there is none within reach, an error where an entry cannot be read */
  readonly changes: (
    lookups: readonly ChangesLookup[],
  ) => Promise<readonly (FoundChanges | undefined | Error)[]>;
  /** The same for single versions. */
  readonly versions: (
    lookups: readonly VersionLookup[],
  ) => Promise<readonly (FoundVersion | undefined | Error)[]>;
}

const COLUMN_OF_SETTING = (column: string): string =>
  column === 'mac_address' ? 'coalesce(d.shown_mac_address, d.mac_address)' : `d.${column}`;
const inJson = (entry: string, order: string): string =>
  `coalesce(json_agg(${entry} ORDER BY ${order}), '[]')`;
const ITS_OWNER = 'o.id AS owner_id, o.ancestor_ids AS owner_ancestor_ids';
const ITS_SETTINGS = `json_build_object(${SETTINGS_COLUMNS.map((column) => `'${column}', ${COLUMN_OF_SETTING(column)}`).join(', ')})`;
const DEVICE_WITHIN_REACH = `
    JOIN network_device d ON d.id = ${reachedId('lookup.reach', 'lookup.customer_id', 'lookup.id')}
    JOIN customer o ON o.id = d.customer_id`;

const LIST_CHANGES: Statement = {
  name: 'list-changes',
  text: `SELECT lookup.place::integer AS place, d.version, ${ITS_OWNER},
      CASE WHEN lookup.with_values THEN ${ITS_SETTINGS} END AS settings, page.entries, later.entries AS later
    FROM unnest(${unsizedIds('$2')}, $3::text[], $4::text[], $5::bigint[], $6::integer[], $7::boolean[])
      WITH ORDINALITY AS lookup(id, reach, customer_id, before, count, with_values, place) ${DEVICE_WITHIN_REACH}
    CROSS JOIN LATERAL (
      SELECT ${inJson(entryColumns('lookup.with_values'), 'a.id DESC')} AS entries, (array_agg(a.version ORDER BY a.id DESC))[1] AS newest
      FROM (
        SELECT * FROM device_audit a WHERE a.device_id = d.id AND a.id < lookup.before ORDER BY a.id DESC LIMIT lookup.count
      ) a ${KEPT} ${ITS_CUSTOMER}
    ) page
    CROSS JOIN LATERAL (
      SELECT ${inJson(entryColumns(), 'a.id')} AS entries
      FROM device_audit a ${KEPT} ${ITS_CUSTOMER}
      WHERE lookup.with_values AND a.device_id = d.id AND a.old_values IS NOT NULL
        AND a.version > page.newest AND a.version <= ${nextImage('page.newest')}
    ) later`,
  onLostConnection: 'nothing-written',
};

/** With the change that made the version, for whose it was. */
const FIND_VERSIONS: Statement = {
  name: 'find-versions',
  text: `SELECT lookup.place::integer AS place, d.version, ${ITS_OWNER}, ${ITS_SETTINGS} AS settings, d.replaced_version, later.entries AS later
    FROM unnest(${unsizedIds('$2')}, $3::text[], $4::text[], $5::integer[])
      WITH ORDINALITY AS lookup(id, reach, customer_id, version, place) ${DEVICE_WITHIN_REACH}
    CROSS JOIN LATERAL (
      SELECT ${inJson(entryColumns(), 'a.id')} AS entries
      FROM device_audit a ${KEPT} ${ITS_CUSTOMER}
      WHERE a.device_id = d.id AND a.old_values IS NOT NULL
        AND a.version >= lookup.version AND a.version <= ${nextImage('lookup.version')}
    ) later`,
  onLostConnection: 'nothing-written',
};

/** No entry has a higher number. */
const NEWEST = '9223372036854775807';

/** The history that this database holds. @param keepMs how long old values are read after their change; 0 for good */
export function deviceHistory({ run }: { readonly run: RunStatement }, keepMs: number): DeviceHistory {
  return {
    changes: async (lookups) => {
      const rows = await run(LIST_CHANGES, [
        keepMs,
        ...lookupColumns(lookups),
        lookups.map(({ before }) => (before === null ? NEWEST : BigInt(`0x${before}`))),
        lookups.map(({ limit }) => limit),
        lookups.map(({ withValues }) => withValues),
      ]);
      return inOrder(lookups, rows, toChanges);
    },
    versions: async (lookups) => {
      const versions = lookups.map(({ version }) => version);
      const rows = await run(FIND_VERSIONS, [keepMs, ...lookupColumns(lookups), versions]);
      return inOrder(lookups, rows, (row, { version }) => toVersion(row, version));
    },
  };
}

function lookupColumns(lookups: readonly HistoryLookup[]): readonly unknown[] {
  return [
    lookups.map(({ id }) => id),
    lookups.map(({ reach }) => reach.kind),
    lookups.map(({ reach }) => customerOf(reach)),
  ];
}

function inOrder<Lookup, Found>(
  lookups: readonly Lookup[],
  rows: readonly RawRow[],
  toFound: (row: RowReader, lookup: Lookup) => Found,
): readonly (Found | undefined | Error)[] {
  const byPlace = new Map(rows.map((raw) => RowReader.of(raw)).map((row) => [row.int('place'), row]));
  return lookups.map((lookup, index) => {
    const row = byPlace.get(index + 1);
    try {
      return row && toFound(row, lookup);
    } catch (cause) {
      return new UnreadableRowError('The stored history of a device cannot be read.', { cause });
    }
  });
}

function toChanges(row: RowReader, { withValues }: ChangesLookup): FoundChanges {
  const entries = entriesIn(row, 'entries');
  const settingsAt = withValues ? settingsByVersion(row, entries) : () => undefined;
  return { owner: ownerOf(row), changes: entries.map((entry) => toChange(entry, settingsAt)) };
}

function toVersion(row: RowReader, version: number): FoundVersion {
  const later = entriesIn(row, 'later');
  // Where its own change is not known, the next one says whose the device was at the end of the version.
  const [made] = later.filter((entry) => entry.int('version') <= version + 1);
  return {
    owner: ownerOf(row),
    ownerThen: made && ownerThen(made),
    settings: settingsByVersion(row, [])(version),
    replacedVersion: row.intOrNull('replaced_version'),
  };
}
