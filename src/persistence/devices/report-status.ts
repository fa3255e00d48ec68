import { STATUS_COLUMNS } from '../rows/fields.js';
import { CLOCK_TOLERANCE_MS, type StatusPatch, type StatusUpdate } from '../../domain/status-report.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { Database, RawRow, RunStatement, Statement } from '../database/database.js';
import {
  DEVICE,
  DEVICE_TABLES,
  DEVICE_TABLES_BUT_STATUS,
  type StoredDeviceOrError,
  toStoredDevice,
} from '../rows/device-row.js';
import { RowReader } from '../database/row-reader.js';

/** Where the status of devices is kept. */
export interface StatusStore {
  /**
   * Applies updates by the id of their device, all or none; a report that is older than what is known changes nothing.
   * @param hardware the MAC addresses that devices must still have, by id: the status of one that has another stays as it is
   * @returns each device that exists as it then stands, but for one that was replaced meanwhile, of which only the status does; an `Error` for one whose row cannot be read, though it was written
   */
  readonly report: (
    updates: ReadonlyMap<string, StatusUpdate>,
    hardware: ReadonlyMap<string, string>,
  ) => Promise<ReadonlyMap<string, StoredDeviceOrError>>;
  /** Devices as they stand, for reports that name a MAC address. */
  readonly find: (ids: readonly string[]) => Promise<ReadonlyMap<string, StoredDeviceOrError>>;
}

const NAMES = [...STATUS_COLUMNS.values()];

/** Of a row `s`, the reports of whose device are `r`: what they change. A known moment that no clock can have had is none. */
const CHANGES = `CASE
    WHEN NOT r ? 'steps' AND (r ->> 'at')::timestamptz < s.not_before THEN '{}'
    WHEN s.last_comm > now() + ${CLOCK_TOLERANCE_MS} * interval '1 millisecond' THEN r -> 'patch'
    WHEN r ? 'steps' THEN (
      SELECT coalesce(jsonb_object_agg(change.key, change.value ORDER BY step.place), '{}')
      FROM jsonb_array_elements(r -> 'steps') WITH ORDINALITY AS step(report, place),
        jsonb_each(step.report -> 'patch') change
      WHERE ((step.report ->> 'at')::timestamptz < greatest(s.last_comm, s.not_before)) IS NOT TRUE
    )
    WHEN (r ->> 'at')::timestamptz < s.last_comm THEN '{}'
    ELSE r -> 'patch'
  END`;

/**
 * One statement for all reports. `$1` holds what is reported by the id of the device; what is absent there keeps its value.
 * The upsert merges into the newest version of each row, which it locks, so that nothing is lost between two who report
 * at once; and it goes through the rows in order of id, so that two batches never wait for each other.
 * A row with a later report is written as it was: that costs no more than to lock it, and makes the answer hold every device
 * as it stands. Only then do the row and the last report differ in `last_comm`, which every report sets.
 * The floor of `last_comm` is given with a first report; later on a trigger raises it, once a day.
 * The ids are an array of a subquery because the planner takes that for few: it looks devices up one by one by their ids.
 */
const reportStatement = (name: string, changes: string): Statement => ({
  name,
  text: `WITH written AS (
      INSERT INTO device_status AS s (device_id, ${NAMES.join(', ')}, last_comm_floor)
      SELECT d.id, ${NAMES.map((name) => `n.${name}`).join(', ')}, coalesce(n.last_comm, '-infinity')
      FROM network_device d CROSS JOIN jsonb_populate_record(NULL::device_status, $1::jsonb -> d.id -> 'patch') n
      WHERE d.id = ANY(ARRAY(SELECT jsonb_object_keys($1::jsonb)))
      ORDER BY d.id
      ON CONFLICT (device_id) DO UPDATE SET (${NAMES.join(', ')}) = (
        SELECT ${NAMES.map((name) => `n.${name}`).join(', ')}
        FROM (SELECT $1::jsonb -> s.device_id AS r) reported, jsonb_populate_record(s, ${changes}) n
      )
      RETURNING s.*
    ), changed AS (
      INSERT INTO device_change (device_id)
      SELECT device_id FROM written
      WHERE last_comm IS NOT DISTINCT FROM ($1::jsonb -> device_id -> 'patch' ->> 'last_comm')::timestamptz
    )
    SELECT d.id, ${DEVICE} FROM ${DEVICE_TABLES_BUT_STATUS} JOIN written s ON s.device_id = d.id`,
  onLostConnection: 'unknown',
  changesDevices: true,
});

const REPORT_STATUS = reportStatement('report-status', CHANGES);

/**
 * For reports that name their hardware, by device in `$2`. The function looks at the device as it is once the row of its status is
 * locked, which a replacement locks, too: reports of the hardware before it change nothing.
 */
const REPORT_STATUS_OF_HARDWARE = reportStatement(
  'report-status-of-hardware',
  `CASE WHEN network_device_mac_address(s.device_id) <> $2::jsonb ->> s.device_id THEN '{}' ELSE ${CHANGES} END`,
);

const FIND_REPORTED: Statement = {
  name: 'find-reported-devices',
  text: `SELECT d.id, ${DEVICE} FROM ${DEVICE_TABLES} WHERE d.id = ANY(ARRAY(SELECT unnest($1::text[])))`,
  onLostConnection: 'nothing-written',
};

const byId = (rows: readonly RawRow[]): ReadonlyMap<string, StoredDeviceOrError> =>
  new Map(rows.map((row) => [RowReader.of(row).text('id'), toStoredDevice(row)]));

/** The status of the devices of this database. */
export function statusStore({ run }: Pick<Database, 'run'>): StatusStore {
  return {
    report: async (updates, hardware) => {
      if (updates.size === 0) return new Map();
      const reports = JSON.stringify(
        Object.fromEntries([...updates].map(([id, update]) => [id, toJson(update)])),
      );
      if (hardware.size === 0) return byId(await runReports(run, REPORT_STATUS, [reports]));
      const addresses = JSON.stringify(Object.fromEntries(hardware));
      return byId(await runReports(run, REPORT_STATUS_OF_HARDWARE, [reports, addresses]));
    },
    find: async (ids) => (ids.length === 0 ? new Map() : byId(await run(FIND_REPORTED, [ids]))),
  };
}

async function runReports(
  run: RunStatement,
  statement: Statement,
  values: readonly string[],
): Promise<readonly RawRow[]> {
  try {
    return await run(statement, values);
  } catch (error) {
    // A device went away between the statement's snapshot and its first status; nothing was written, and it is missing now.
    if (brokenConstraint(error) === 'device_status_device_id_fkey') {
      return await runReports(run, statement, values);
    }
    throw error;
  }
}

function toJson({ patch, steps }: StatusUpdate): object {
  const single = { patch: columnsOf(patch), at: steps[0]?.at };
  if (steps.length === 1) return single;
  return { ...single, steps: steps.map((step) => ({ at: step.at, patch: columnsOf(step.patch) })) };
}

/** A patch by column name; what is absent stays absent. */
function columnsOf(patch: StatusPatch): Readonly<Record<string, unknown>> {
  const values = new Map<string, unknown>(Object.entries(patch));
  const columns = [...STATUS_COLUMNS].filter(([field]) => values.has(field));
  return Object.fromEntries(columns.map(([field, column]) => [column, values.get(field)]));
}
