import { type ColumnValue, readDhcp, readWifi, writeDhcp, writeWifi } from './fields.js';
import { type DeviceSettings, NO_SETTINGS } from '../../domain/device.js';
import type { SealedText } from '../../secrets/key-ring.js';
import type { RowReader } from '../database/row-reader.js';

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
    ...writeWifi(wifi),
    ...writeDhcp(dhcp),
  };
}

/** The names of these columns. */
export const SETTINGS_COLUMNS: readonly string[] = Object.keys(settingsColumns(NO_SETTINGS));

/** Reads the settings out of these columns. */
export function readSettings(row: RowReader): DeviceSettings<SealedText> {
  return {
    name: row.text('name'),
    notes: row.textOrNull('notes'),
    macAddress: row.text('mac_address'),
    serialNumber: row.textOrNull('serial_number'),
    mvnoAccount: row.textOrNull('mvno_account'),
    wifi: readWifi(row),
    dhcp: readDhcp(row),
  };
}
