import type { DeviceSettings, ProvisioningProgress } from '../domain/device.js';
import type { ReservedClient } from '../domain/dhcp.js';
import { type AuditEntry, auditPart, auditValues } from './audit.js';
import { brokenConstraint } from './database-faults.js';
import type { Statement, RunStatement } from './database.js';
import type { SealedText } from './key-ring.js';
import {
  isOvertaken,
  NOTE_CHANGE,
  PROGRESS_COLUMNS,
  PROVISIONED_ANEW,
  QUEUE_JOB,
  toProgress,
} from './queue-job.js';

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
const WRITTEN = (more: string): string => `written AS (
  UPDATE network_device SET ${COLUMNS.map((column, index) => `${column} = $${index + 4}`).join(', ')},
    version = version + 1, updated_at = $3 ${more}
  WHERE id = $1 AND version = $2 AND state <> 'DELETING'
  RETURNING ${PROGRESS_COLUMNS}
)`;

const AUDIT = auditPart(COLUMNS.length + 4);

const WRITE_DEVICE: Statement = {
  name: 'write-device',
  text: `WITH ${WRITTEN('')}, ${NOTE_CHANGE}, ${AUDIT} SELECT * FROM written`,
  kind: 'write',
};

/** The same, and the job that brings the settings to the device: neither is ever written without the other. */
const WRITE_DEVICE_AND_JOB: Statement = {
  name: 'write-device-and-job',
  text: `WITH ${WRITTEN(`, ${PROVISIONED_ANEW}`)}, ${QUEUE_JOB}, ${NOTE_CHANGE}, ${AUDIT} SELECT * FROM written`,
  kind: 'write',
};

/** How a write ended: `outdated` when somebody else changed the device since it was read, `mac-taken` when somebody took the MAC. */
export type WriteOutcome = ProvisioningProgress | 'outdated' | 'mac-taken';

/** What an update writes. */
export interface DeviceWrite {
  readonly settings: DeviceSettings<SealedText>;
  /** Whether the settings are to be brought to the device. */
  readonly needsJob: boolean;
  readonly updatedAt: Date;
  readonly audit: AuditEntry;
}

/**
 * Writes the settings of a device if it still is at this version.
 * @param version the version that the settings were decided on
 */
export async function writeDevice(
  run: RunStatement,
  id: string,
  version: number,
  { settings, needsJob, updatedAt, audit }: DeviceWrite,
): Promise<WriteOutcome> {
  const values = Object.values(settingsColumns(settings)).map((value) =>
    typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
  );
  try {
    const statement = needsJob ? WRITE_DEVICE_AND_JOB : WRITE_DEVICE;
    const [row] = await run(statement, [
      id,
      version,
      updatedAt.toISOString(),
      ...values,
      ...auditValues(audit),
    ]);
    return row === undefined ? 'outdated' : toProgress(row);
  } catch (error) {
    if (brokenConstraint(error) === 'network_device_mac_address_key') return 'mac-taken';
    if (isOvertaken(error)) return 'outdated';
    throw error;
  }
}
