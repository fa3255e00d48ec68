import { type DeviceStatus, UNREPORTED_STATUS } from '../../domain/device-status.js';
import { DHCP_DEFAULTS, type DhcpSettings, type ReservedClient } from '../../domain/dhcp.js';
import { WIFI_DEFAULTS, type WifiPasswordField, type WifiSettings } from '../../domain/wifi.js';
import { SealedText } from '../../secrets/key-ring.js';
import type { RawRow } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import type { Column } from './column-arrays.js';
import {
  type ReadField,
  type ReadFields,
  readSection,
  sectionFields,
  type SectionFields,
} from './section.js';

// The one description of a device's sections: the column of each field, and how it is read and written. Lists of columns,
// readers and writers derive from it, so a new field is one line here.

export type ColumnValue = string | number | boolean | null | readonly ReservedClient[];

/** How one field is kept. */
interface Field<T> extends ReadField<T> {
  readonly columns: readonly [string];
  readonly write: (value: T) => ColumnValue;
}

/** How every field of a section is kept, in the order of its columns. */
type Fields<Section> = { readonly [Name in keyof Section]: Field<Section[Name]> };

/** Null in a section that is older than the column: what a section starts from. */
const flag = (column: string): Field<boolean> => ({
  columns: [column],
  kind: 'flag',
  read: (row) => row.flagOrNull(column) ?? false,
  write: (value) => value,
});

const text = (column: string): Field<string | null> => ({
  columns: [column],
  kind: 'text',
  read: (row) => row.textOrNull(column),
  write: (value) => value,
});

const number = (column: string): Field<number | null> => ({
  columns: [column],
  kind: 'number',
  read: (row) => row.intOrNull(column),
  write: (value) => value,
});

const sealed = (column: string): Field<SealedText | null> => ({
  columns: [column],
  kind: 'text',
  read: (row) => {
    const value = row.textOrNull(column);
    return value === null ? null : new SealedText(value);
  },
  write: (value) => value?.sealed ?? null,
});

const WIFI: Fields<WifiSettings<SealedText>> = {
  enabled: flag('wifi_enabled'),
  ssid: text('wifi_ssid'),
  password: sealed('wifi_password'),
  enabled5G: flag('wifi_enabled_5g'),
  ssid5G: text('wifi_ssid_5g'),
  password5G: sealed('wifi_password_5g'),
  enabled6G: flag('wifi_enabled_6g'),
  ssid6G: text('wifi_ssid_6g'),
  password6G: sealed('wifi_password_6g'),
  bandsteering: flag('wifi_bandsteering'),
};

const DHCP: Fields<DhcpSettings> = {
  enable: flag('dhcp_enable'),
  ipPoolStart: text('dhcp_ip_pool_start'),
  ipPoolEnd: text('dhcp_ip_pool_end'),
  leaseTime: number('dhcp_lease_minutes'),
  primaryDnsServer: text('dhcp_primary_dns_server'),
  reservedClients: {
    columns: ['dhcp_reserved_clients'],
    kind: 'other',
    read: (row) => row.list('dhcp_reserved_clients').map(toReservedClient),
    write: (clients) => clients,
  },
};

export type ReportedStatus = Omit<DeviceStatus, 'provisioned'>;

/** What is reported of a device, each field with its column and how it is read. */
const STATUS: ReadFields<ReportedStatus> = {
  lastComm: { columns: ['last_comm'], kind: 'time', read: (row) => row.timeOrNull('last_comm') },
  online: { columns: ['online'], kind: 'flag', read: (row) => row.flagOrNull('online') },
  lanIp: text('lan_ip'),
  subnetMask: text('subnet_mask'),
  gateway: text('gateway'),
  wanIp: text('wan_ip'),
  publicIp: text('public_ip'),
  upTimeSeconds: number('up_time_seconds'),
  dns: text('dns'),
  dns2: text('dns2'),
  ipv6: text('ipv6'),
  ipv6Dns: text('ipv6_dns'),
  ipv6Dns2: text('ipv6_dns2'),
  simStatusCode: text('sim_status_code'),
  networkTypeCode: text('network_type_code'),
  signalStrength: number('signal_strength'),
  ssSignalStrength: number('ss_signal_strength'),
  uplinkRateKbps: number('uplink_rate_kbps'),
  downlinkRateKbps: number('downlink_rate_kbps'),
  connectionSeconds: number('connection_seconds'),
};

/** The columns that are null where a device has no such section. */
export const WIFI_KEY: Column = { name: WIFI.enabled.columns[0], kind: WIFI.enabled.kind };
export const DHCP_KEY: Column = { name: DHCP.enable.columns[0], kind: DHCP.enable.kind };

/** The columns of a report, by the names of its fields. */
export const STATUS_COLUMNS: ReadonlyMap<string, string> = new Map(
  Object.entries(STATUS).flatMap(([name, { columns }]) => columns.map((column) => [name, column])),
);

/** The columns of WiFi passwords. */
export const PASSWORD_COLUMNS = {
  password: WIFI.password.columns[0],
  password5G: WIFI.password5G.columns[0],
  password6G: WIFI.password6G.columns[0],
} satisfies Readonly<Record<WifiPasswordField, string>>;

/** The columns of a section; all null for a section that is null. */
function writeSection<Section extends object>(
  section: Section | null,
  fields: Fields<Section>,
  empty: Section,
): Readonly<Record<string, ColumnValue>> {
  const columns: Record<string, ColumnValue> = {};
  for (const name in empty) {
    const {
      columns: [column],
      write,
    } = fields[name];
    columns[column] = section === null ? null : write(section[name]);
  }
  return columns;
}

/** What writes the column of each field of a section, by the dotted path of the field. */
function writersByPath<Section extends object>(
  name: string,
  fields: Fields<Section>,
  empty: Section,
): ReadonlyMap<string, (section: Section | null) => Readonly<Record<string, ColumnValue>>> {
  const writers = new Map<string, (section: Section | null) => Readonly<Record<string, ColumnValue>>>();
  for (const field in empty) {
    const {
      columns: [column],
      write,
    } = fields[field];
    writers.set(`${name}.${field}`, (section) => ({
      [column]: section === null ? null : write(section[field]),
    }));
  }
  return writers;
}

const NO_WIFI: WifiSettings<SealedText> = {
  ...WIFI_DEFAULTS,
  password: null,
  password5G: null,
  password6G: null,
};

export const WIFI_PATHS = writersByPath('wifi', WIFI, NO_WIFI);
export const DHCP_PATHS = writersByPath('dhcp', DHCP, DHCP_DEFAULTS);

/** All fields of each section, to be read. */
export const ALL_OF_WIFI = sectionFields(WIFI);
export const ALL_OF_DHCP = sectionFields(DHCP);
export const ALL_OF_STATUS = sectionFields(STATUS);

/** @param fields those that are read; the others are those of an empty section */
export function readWifi(
  row: RowReader,
  fields: SectionFields<WifiSettings<SealedText>> = ALL_OF_WIFI,
): WifiSettings<SealedText> | null {
  return row.flagOrNull(WIFI_KEY.name) === null ? null : readSection(row, fields, () => ({ ...NO_WIFI }));
}

export function readDhcp(
  row: RowReader,
  fields: SectionFields<DhcpSettings> = ALL_OF_DHCP,
): DhcpSettings | null {
  return row.flagOrNull(DHCP_KEY.name) === null
    ? null
    : readSection(row, fields, () => ({ ...DHCP_DEFAULTS }));
}

/** @param provisioned the part of the status that is no report */
export function readStatus(
  row: RowReader,
  fields: SectionFields<ReportedStatus>,
  provisioned: boolean | null,
): DeviceStatus {
  const status = readSection<DeviceStatus>(row, fields, () => ({ ...UNREPORTED_STATUS }));
  status.provisioned = provisioned;
  return status;
}

export function writeWifi(wifi: WifiSettings<SealedText> | null): Readonly<Record<string, ColumnValue>> {
  return writeSection(wifi, WIFI, NO_WIFI);
}

export function writeDhcp(dhcp: DhcpSettings | null): Readonly<Record<string, ColumnValue>> {
  return writeSection(dhcp, DHCP, DHCP_DEFAULTS);
}

function toReservedClient(value: unknown): ReservedClient {
  const row = RowReader.of(isRow(value) ? value : {});
  return { mac: row.text('mac'), ip: row.text('ip'), enable: row.flag('enable'), id: row.textOrNull('id') };
}

function isRow(value: unknown): value is RawRow {
  return typeof value === 'object' && value !== null;
}
