import type { StatusPatch } from '../domain/status-report.js';
import { brokenConstraint } from './database-faults.js';
import type { Database, RunStatement, Statement } from './database.js';
import { DEVICE, DEVICE_TABLES_BUT_STATUS, type StoredDevice, toStoredDevice } from './device-row.js';

/** What is to be changed of one device's status. */
export interface StatusUpdate {
  /** In normal form. */
  readonly deviceId: string;
  readonly patch: StatusPatch;
}

/** Where the status of devices is kept. */
export interface StatusStore {
  /**
   * Applies updates, those of one device in their order; one that is older than what is known changes nothing.
   * @returns for each update the device as it then stands; undefined where there is none
   */
  readonly report: (updates: readonly StatusUpdate[]) => Promise<readonly (StoredDevice | undefined)[]>;
}

/** The one map from a report to the table. */
const COLUMNS = {
  lastComm: 'last_comm',
  online: 'online',
  lanIp: 'lan_ip',
  subnetMask: 'subnet_mask',
  gateway: 'gateway',
  wanIp: 'wan_ip',
  publicIp: 'public_ip',
  upTimeSeconds: 'up_time_seconds',
  dns: 'dns',
  dns2: 'dns2',
  ipv6: 'ipv6',
  ipv6Dns: 'ipv6_dns',
  ipv6Dns2: 'ipv6_dns2',
  simStatusCode: 'sim_status_code',
  networkTypeCode: 'network_type_code',
  signalStrength: 'signal_strength',
  ssSignalStrength: 'ss_signal_strength',
  uplinkRateKbps: 'uplink_rate_kbps',
  downlinkRateKbps: 'downlink_rate_kbps',
  connectionSeconds: 'connection_seconds',
} as const satisfies Readonly<Record<keyof StatusPatch, string>>;

const NAMES = Object.values(COLUMNS);

/**
 * One statement for all reports. `$1` holds what is reported by the id of the device; what is absent there keeps its value.
 * The upsert merges into the newest version of each row, which it locks, so that nothing is lost between two who report
 * at once; and it goes through the rows in order of id, so that two batches never wait for each other.
 * A row that knows better is written as it was: that costs no more than to lock it, and makes the answer hold every device
 * as it stands. Only then do the row and the report differ in `last_comm`, which every report sets.
 * The ids are an array of a subquery because the planner takes that for few: it looks devices up one by one by their ids.
 */
const REPORT_STATUS: Statement = {
  name: 'report-status',
  text: `WITH written AS (
      INSERT INTO device_status AS s (device_id, ${NAMES.join(', ')})
      SELECT d.id, ${NAMES.map((name) => `n.${name}`).join(', ')}
      FROM network_device d CROSS JOIN jsonb_populate_record(NULL::device_status, $1::jsonb -> d.id) n
      WHERE d.id = ANY(ARRAY(SELECT jsonb_object_keys($1::jsonb)))
      ORDER BY d.id
      ON CONFLICT (device_id) DO UPDATE SET (${NAMES.join(', ')}) = (
        SELECT ${NAMES.map((name) => `n.${name}`).join(', ')} FROM jsonb_populate_record(
          s, CASE WHEN excluded.last_comm < s.last_comm THEN '{}'::jsonb ELSE $1::jsonb -> s.device_id END
        ) n
      )
      RETURNING s.*
    ), changed AS (
      INSERT INTO device_change (device_id)
      SELECT device_id FROM written
      WHERE last_comm IS NOT DISTINCT FROM ($1::jsonb -> device_id ->> 'last_comm')::timestamptz
    )
    SELECT ${DEVICE} FROM ${DEVICE_TABLES_BUT_STATUS} JOIN written s ON s.device_id = d.id`,
  onLostConnection: 'unknown',
  changesDevices: true,
};

/** The status of the devices of this database. */
export function statusStore(database: Database): StatusStore {
  return {
    report: async (updates) => {
      const devices = await applyUpdates(database, toRounds(updates));
      return updates.map((update) => devices.get(update));
    },
  };
}

async function applyUpdates(
  database: Database,
  rounds: readonly Round[],
): Promise<ReadonlyMap<StatusUpdate, StoredDevice>> {
  try {
    return rounds.length > 1
      ? await database.transaction(async (inside) => await applyRounds(inside, rounds))
      : await applyRounds(database.run, rounds);
  } catch (error) {
    // A device went away between the statement's snapshot and its first status; nothing was written, and it is missing now.
    if (brokenConstraint(error) === 'device_status_device_id_fkey')
      return await applyUpdates(database, rounds);
    throw error;
  }
}

type Round = ReadonlyMap<string, StatusUpdate>;

/** The first update of each device, then the second of each, and so on: a statement changes a row but once. */
function toRounds(updates: readonly StatusUpdate[]): readonly Round[] {
  const rounds: Map<string, StatusUpdate>[] = [];
  for (const update of updates) {
    const { deviceId } = update;
    const round = rounds.find((candidate) => !candidate.has(deviceId));
    if (round === undefined) rounds.push(new Map([[deviceId, update]]));
    else round.set(deviceId, update);
  }
  return rounds;
}

async function applyRounds(
  run: RunStatement,
  rounds: readonly Round[],
): Promise<ReadonlyMap<StatusUpdate, StoredDevice>> {
  const devices = new Map<StatusUpdate, StoredDevice>();
  for (const round of rounds) {
    const patches = [...round].map(([id, { patch }]) => [id, columnsOf(patch)] as const);
    const rows = await run(REPORT_STATUS, [JSON.stringify(Object.fromEntries(patches))]);
    for (const device of rows.map(toStoredDevice)) {
      const update = round.get(device.id);
      if (update !== undefined) devices.set(update, device);
    }
  }
  return devices;
}

/** A patch by column name; what is absent stays absent. */
function columnsOf(patch: StatusPatch): Readonly<Record<string, unknown>> {
  const values = new Map<string, unknown>(Object.entries(patch));
  const columns = Object.entries(COLUMNS).filter(([field]) => values.has(field));
  return Object.fromEntries(columns.map(([field, column]) => [column, values.get(field)]));
}
