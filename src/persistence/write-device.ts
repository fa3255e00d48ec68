import type { DeviceSettings, ProvisioningProgress } from '../domain/device.js';
import type { ReservedClient } from '../domain/dhcp.js';
import { AUDIT_CHANGE, auditColumns, type AuditEntry } from './audit.js';
import { brokenConstraint } from './database-faults.js';
import type { Statement, RunStatement } from './database.js';
import type { StoredDevice } from './device-row.js';
import { gatheredWrites } from './gathered.js';
import type { SealedText } from './key-ring.js';
import type { JobLease } from './provisioning-queue.js';
import {
  isOvertaken,
  NOTE_CHANGE,
  PROGRESS_COLUMNS,
  provisionedAnewIf,
  QUEUE_JOBS,
  toProgress,
} from './queue-job.js';
import { customerOf, isReached, type ListScope } from './reach.js';
import { RowReader } from './row-reader.js';

type ColumnValue = string | number | boolean | null | readonly ReservedClient[];

/** The settings of a device by column name: the one map from settings to the table, for updates and inserts alike. */
export function settingsColumns({
  name,
  notes,
  macAddress,
  serialNumber,
  mvnoAccount,
  wifi,
  dhcp,
}: DeviceSettings<SealedText>): Readonly<Record<string, ColumnValue>> {
  return {
    name,
    notes,
    mac_address: macAddress,
    serial_number: serialNumber,
    mvno_account: mvnoAccount,
    wifi_enabled: wifi?.enabled ?? null,
    wifi_ssid: wifi?.ssid ?? null,
    wifi_password: wifi?.password?.sealed ?? null,
    wifi_enabled_5g: wifi?.enabled5G ?? null,
    wifi_ssid_5g: wifi?.ssid5G ?? null,
    wifi_password_5g: wifi?.password5G?.sealed ?? null,
    wifi_enabled_6g: wifi?.enabled6G ?? null,
    wifi_ssid_6g: wifi?.ssid6G ?? null,
    wifi_password_6g: wifi?.password6G?.sealed ?? null,
    wifi_bandsteering: wifi?.bandsteering ?? null,
    dhcp_enable: dhcp?.enable ?? null,
    dhcp_ip_pool_start: dhcp?.ipPoolStart ?? null,
    dhcp_ip_pool_end: dhcp?.ipPoolEnd ?? null,
    dhcp_lease_minutes: dhcp?.leaseTime ?? null,
    dhcp_primary_dns_server: dhcp?.primaryDnsServer ?? null,
    dhcp_reserved_clients: dhcp?.reservedClients ?? null,
  };
}

const COLUMNS = Object.keys(
  settingsColumns({
    name: '',
    notes: null,
    macAddress: '',
    serialNumber: null,
    mvnoAccount: null,
    wifi: null,
    dhcp: null,
  }),
);

/** A worker's lease starts the job at once if no other job of the device runs; the number of the new job is drawn under the device's lock. */
const STARTED_IF_FREE = `running_job_id = CASE WHEN w.needs_job AND w.lease IS NOT NULL AND d.running_job_id IS NULL
  THEN nextval('provisioning_job_id_seq') ELSE d.running_job_id END`;

/**
 * The one write of updates, each of which is judged by itself. It compares `version`, so it cannot overwrite what somebody
 * else wrote in between, and the state, which others change without a new version, so it cannot change a device that is
 * being deleted; and it judges reach, so it cannot change a device that went to somebody else. The whole aggregate is one row, so it cannot tear either. Job, note and audit entry are written with it or
 * not at all. `jobs` is 1 only if no job ran before.
 */
const writeStatement = (name: string, ifHeld: 'SKIP LOCKED' | ''): Statement => ({
  name,
  text: `WITH held AS (
      SELECT w.* FROM jsonb_to_recordset($1::jsonb) AS w(
        place integer, device network_device, scope text, customer_id text, needs_job boolean, lease uuid, lease_ms integer, audit device_audit)
      JOIN network_device d ON d.id = (w.device).id
      FOR NO KEY UPDATE OF d ${ifHeld}
    ), written AS (
      UPDATE network_device d SET ${COLUMNS.map((column) => `${column} = (w.device).${column}`).join(', ')},
        version = (w.device).version, updated_at = (w.device).updated_at, ${provisionedAnewIf('w.needs_job')}, ${STARTED_IF_FREE}
      FROM held w WHERE d.id = (w.device).id AND d.version = (w.device).version - 1 AND d.state <> 'DELETING'
        AND ${isReached('w.scope', 'w.customer_id')}
      RETURNING ${PROGRESS_COLUMNS}, w.place, w.needs_job, w.lease, w.lease_ms, w.audit,
        CASE WHEN w.needs_job AND d.jobs = 1 THEN d.running_job_id END AS started_id
    ), ${QUEUE_JOBS}, ${NOTE_CHANGE}, ${AUDIT_CHANGE}
    SELECT held.place, w.id IS NOT NULL AS is_written, w.state, w.jobs, w.provisioned,
      lpad(to_hex(w.started_id), 24, '0') AS started_job
    FROM held LEFT JOIN written w USING (place)`,
  onLostConnection: 'unknown',
  changesDevices: true,
});

const WRITE_FREE_DEVICES = writeStatement('write-devices', 'SKIP LOCKED');
const WRITE_DEVICE = writeStatement('write-device', '');

/** How a write ended: `outdated` when somebody else changed the device, or whose it is, since it was read, `mac-taken` when somebody took the MAC. */
export type WriteOutcome = WrittenDevice | 'outdated' | 'mac-taken';

interface WrittenDevice extends ProvisioningProgress {
  /** The job that was started with the lease; null when the job waits in the queue, and when there is none. */
  readonly startedJob: string | null;
}

/** What an update writes. */
export interface DeviceWrite {
  /** The device as it is to be, at its next version; nothing is written unless it is stored at the version before. */
  readonly device: StoredDevice;
  /** Whose devices the update may change. */
  readonly scope: ListScope;
  /** Whether the settings are to be brought to the device. */
  readonly needsJob: boolean;
  readonly audit: AuditEntry;
}

/** The same with the lease of a worker that has room for the job. */
export interface LeasedWrite extends DeviceWrite {
  readonly lease: JobLease | undefined;
}

/** Writes the settings of devices; what is to be written at the same moment is, by one statement. */
export function deviceWrites(run: RunStatement): (write: LeasedWrite) => Promise<WriteOutcome> {
  return gatheredWrites(
    async (writes) => await outcomesOf(run, WRITE_FREE_DEVICES, writes),
    async (write) => await writeDevice(run, write),
  );
}

/** Writes the settings of one device, and waits for its row where somebody else holds it. */
export async function writeDevice(run: RunStatement, write: LeasedWrite): Promise<WriteOutcome> {
  try {
    const [outcome] = await outcomesOf(run, WRITE_DEVICE, [write]);
    return outcome ?? 'outdated';
  } catch (error) {
    if (brokenConstraint(error) === 'network_device_mac_address_key') return 'mac-taken';
    if (isOvertaken(error)) return 'outdated';
    throw error;
  }
}

/** @returns same length and order; undefined for a device that is not there, or not free */
async function outcomesOf(
  run: RunStatement,
  statement: Statement,
  writes: readonly LeasedWrite[],
): Promise<readonly (WriteOutcome | undefined)[]> {
  const rows = await run(statement, [JSON.stringify(writes.map(toRow))]);
  const outcomes = new Map(
    rows.map((raw) => {
      const row = RowReader.of(raw);
      const written = (): WriteOutcome => ({
        ...toProgress(raw),
        startedJob: row.textOrNull('started_job'),
      });
      return [row.int('place'), row.flag('is_written') ? written() : 'outdated'];
    }),
  );
  return writes.map((_, place) => outcomes.get(place));
}

function toRow({ device, scope, needsJob, audit, lease }: LeasedWrite, place: number): object {
  const { id, version, updatedAt } = device;
  return {
    place,
    device: { id, version, updated_at: updatedAt, ...settingsColumns(device) },
    scope: scope.kind,
    customer_id: customerOf(scope),
    needs_job: needsJob,
    lease: lease?.lease ?? null,
    lease_ms: lease?.leaseMs ?? null,
    audit: auditColumns(audit),
  };
}
