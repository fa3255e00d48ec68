import type { DeviceSettings } from '../../domain/device.js';
import { isImage } from '../../domain/device-history.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import type { SealedText } from '../../secrets/key-ring.js';
import { type ColumnValue, DHCP_PATHS, WIFI_PATHS, writeDhcp, writeWifi } from './fields.js';
import { settingsColumns } from './settings-columns.js';

type Columns = Readonly<Record<string, ColumnValue>>;
type Settings = DeviceSettings<SealedText>;

/** The columns of each path that a change can name, as they are in settings. */
const COLUMNS_OF_PATHS: ReadonlyMap<string, (settings: Settings) => Columns> = new Map([
  ['name', ({ name }: Settings): Columns => ({ name })],
  ['notes', ({ notes }: Settings): Columns => ({ notes })],
  ['macAddress', ({ macAddress }: Settings): Columns => ({ mac_address: macAddress })],
  ['serialNumber', ({ serialNumber }: Settings): Columns => ({ serial_number: serialNumber })],
  ['mvnoAccount', ({ mvnoAccount }: Settings): Columns => ({ mvno_account: mvnoAccount })],
  ['wifi', ({ wifi }: Settings): Columns => writeWifi(wifi)],
  ['dhcp', ({ dhcp }: Settings): Columns => writeDhcp(dhcp)],
  ...[...WIFI_PATHS].map(([path, write]) => [path, ({ wifi }: Settings) => write(wifi)] as const),
  ...[...DHCP_PATHS].map(([path, write]) => [path, ({ dhcp }: Settings) => write(dhcp)] as const),
]);

/**
 * What the audit entry of a change keeps of the settings before it: the columns that the change names, or all of them where the
 * version is an image. A seal that was only renewed is no change.
 * @param before the device as it was read, at version 0 when it is new
 * @param version the one that the change makes
 * @returns undefined when that is no new version
 */
export function oldValues(
  before: StoredDevice,
  version: number,
  paths: readonly string[],
): Columns | undefined {
  if (version === before.version) return undefined;
  if (before.version === 0) return {};
  if (isImage(version)) return settingsColumns(before);
  const columns: Record<string, ColumnValue> = {};
  for (const path of paths) Object.assign(columns, COLUMNS_OF_PATHS.get(path)?.(before));
  return columns;
}
