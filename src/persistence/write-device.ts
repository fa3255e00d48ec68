import type { DeviceSettings, ProvisioningProgress } from '../domain/device.js';
import type { ReservedClient } from '../domain/dhcp.js';
import { type AuditEntry, auditPart, auditValues } from './audit.js';
import { brokenConstraint } from './database-faults.js';
import type { Statement, RunStatement } from './database.js';
import type { StoredDevice } from './device-row.js';
import type { SealedText } from './key-ring.js';
import type { JobLease } from './provisioning-queue.js';
import { isOvertaken, NOTE_CHANGE, PROGRESS_COLUMNS, startedJobParts, toProgress } from './queue-job.js';
import { RowReader } from './row-reader.js';

type ColumnValue = string | number | boolean | null | readonly ReservedClient[];

/** The settings of a device by column name: the one map from settings to the table, for updates and inserts alike. */
export function settingsColumns({
  name,
  notes,
  macAddress,
  wifi,
  dhcp,
}: DeviceSettings<SealedText>): Readonly<Record<string, ColumnValue>> {
  return {
    name,
    notes,
    mac_address: macAddress,
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
  settingsColumns({ name: '', notes: null, macAddress: '', wifi: null, dhcp: null }),
);

/**
 * The one write of an update. It compares `version`, so it cannot overwrite what somebody else wrote in between, and
 * the state, which others change without a new version, so it cannot change a device that is being deleted;
 * the whole aggregate is one row, so it cannot tear either.
 */
const WRITTEN = (more: string, columns: string): string => `written AS (
  UPDATE network_device SET ${COLUMNS.map((column, index) => `${column} = $${index + 4}`).join(', ')},
    version = version + 1, updated_at = $3 ${more}
  WHERE id = $1 AND version = $2 AND state <> 'DELETING'
  RETURNING ${columns}
)`;

const AUDIT = auditPart(COLUMNS.length + 4);

const WRITE_DEVICE: Statement = {
  name: 'write-device',
  text: `WITH ${WRITTEN('', PROGRESS_COLUMNS)}, ${NOTE_CHANGE}, ${AUDIT} SELECT * FROM written`,
  kind: 'write',
};

const JOB = startedJobParts(COLUMNS.length + 9);

/** The same, and the job that brings the settings to the device: neither is ever written without the other. */
const WRITE_DEVICE_AND_JOB: Statement = {
  name: 'write-device-and-job',
  text: `WITH ${WRITTEN(`, ${JOB.set}`, JOB.columns)}, ${JOB.job}, ${NOTE_CHANGE}, ${AUDIT} SELECT * FROM written`,
  kind: 'write',
};

/** How a write ended: `outdated` when somebody else changed the device since it was read, `mac-taken` when somebody took the MAC. */
export type WriteOutcome = WrittenDevice | 'outdated' | 'mac-taken';

interface WrittenDevice extends ProvisioningProgress {
  /** The job that was started with the lease; null when the job waits in the queue, and when there is none. */
  readonly startedJob: string | null;
}

/** What an update writes. */
export interface DeviceWrite {
  /** The device as it is to be: its settings are written, and sent with the job. */
  readonly device: StoredDevice;
  /** Whether the settings are to be brought to the device. */
  readonly needsJob: boolean;
  readonly audit: AuditEntry;
}

/**
 * Writes the settings of a device if it still is at this version.
 * @param version the version that the settings were decided on
 * @param lease of a worker that has room for the job
 */
export async function writeDevice(
  run: RunStatement,
  id: string,
  version: number,
  { device, needsJob, audit }: DeviceWrite,
  lease?: JobLease,
): Promise<WriteOutcome> {
  const values = Object.values(settingsColumns(device)).map((value) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  );
  try {
    const written = [id, version, device.updatedAt.toISOString(), ...values, ...auditValues(audit)];
    const [row] = needsJob
      ? await run(WRITE_DEVICE_AND_JOB, [...written, lease?.lease ?? null, lease?.leaseMs ?? 0])
      : await run(WRITE_DEVICE, written);
    if (row === undefined) return 'outdated';
    return { ...toProgress(row), startedJob: needsJob ? RowReader.of(row).textOrNull('started_job') : null };
  } catch (error) {
    if (brokenConstraint(error) === 'network_device_mac_address_key') return 'mac-taken';
    if (isOvertaken(error)) return 'outdated';
    throw error;
  }
}
