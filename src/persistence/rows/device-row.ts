import type { Customer } from '../../domain/customer.js';
import { type DeviceSelection, isSelected } from '../../domain/device-selection.js';
import type { DeviceModel } from '../../domain/device-model.js';
import type { RawRow } from '../database/database.js';
import { RowReader, UnreadableRowError } from '../database/row-reader.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import {
  CAPABILITIES,
  CORE,
  CUSTOMER_FIELDS,
  MODEL_CORE,
  NO_CUSTOMER,
  NO_DEVICE,
  NO_MODEL,
  toCustomer,
  toModel,
} from './device-fields.js';
import {
  ALL_OF_DHCP,
  ALL_OF_STATUS,
  ALL_OF_WIFI,
  DHCP_KEY,
  readDhcp,
  readStatus,
  readWifi,
  WIFI_KEY,
} from './fields.js';
import { columnsOf, readSection, selectedFields } from './section.js';

/** A device whose row does not hold what the database's schema says. */
class UnreadableDeviceError extends UnreadableRowError {
  override readonly name = 'UnreadableDeviceError';

  constructor(
    readonly id: string,
    /** Whose it is; undefined where not even that can be read, and where it is not asked for. */
    readonly customer: Customer | undefined,
    cause: unknown,
  ) {
    super('The stored device cannot be read.', { cause });
  }
}

/** What a row holds: one that cannot be read is an error in its own place, and fails no others that are read with it. */
export type StoredDeviceOrError = StoredDevice | UnreadableDeviceError;

/** A device that is gone, for subscribers who have yet to get the event of its deletion. */
export interface EndedDevice {
  readonly id: string;
  /** Whose it was. */
  readonly customer: Customer;
  readonly lastVersion: number;
}

/** The tables that a device is made of, under the aliases of the joins below: the device, its model, its customer, its status. */
type Alias = 'd' | 'm' | 'c' | 's';

/** How devices are read of which a selection is wanted. A driver takes far longer over seventy columns than over one JSON text. */
export interface DeviceShape {
  /** An expression that makes one JSON value of a device `d`, with what is selected and nothing else. */
  readonly value: string;
  /** What the expression needs beside `d`. */
  readonly joins: string;
  /** Reads such a value. What is not selected is that of an empty device. */
  readonly read: (value: unknown) => StoredDeviceOrError;
}

/** The selected fields of each section; undefined for a section that a device may lack, and that is not selected. */
function fieldsOf(selection: DeviceSelection) {
  const has = (section: string): boolean => isSelected(selection, section);
  return {
    core: selectedFields(CORE, '', selection),
    wifi: has('wifi') ? selectedFields(ALL_OF_WIFI, 'wifi.', selection) : undefined,
    dhcp: has('dhcp') ? selectedFields(ALL_OF_DHCP, 'dhcp.', selection) : undefined,
    model: selectedFields(MODEL_CORE, 'model.', selection),
    capabilities: selectedFields(CAPABILITIES, 'model.capabilities.', selection),
    customer: selectedFields(CUSTOMER_FIELDS, 'customer.', selection),
    status: has('status') ? selectedFields(ALL_OF_STATUS, 'status.', selection) : undefined,
  };
}

type FieldsOfTables = ReturnType<typeof fieldsOf>;

/** The columns of each table that a selection needs. */
function columnsOfTables(fields: FieldsOfTables): Readonly<Record<Alias, readonly string[]>> {
  const { core, wifi, dhcp, model, capabilities, customer, status } = fields;
  const distinct = (columns: readonly string[]): readonly string[] => [...new Set(columns)];
  return {
    d: distinct([
      ...columnsOf(core),
      ...(wifi ? [WIFI_KEY, ...columnsOf(wifi)] : []),
      ...(dhcp ? [DHCP_KEY, ...columnsOf(dhcp)] : []),
      ...(status ? ['provisioned'] : []),
    ]),
    m: [...columnsOf(model), ...columnsOf(capabilities)],
    c: columnsOf(customer),
    s: status ? distinct(['device_id', ...columnsOf(status)]) : [],
  };
}

const JOINS = {
  d: '',
  m: 'JOIN device_model m ON m.id = d.model_id',
  c: 'JOIN customer c ON c.id = d.customer_id',
  s: 'LEFT JOIN device_status s ON s.device_id = d.id',
} as const satisfies Record<Alias, string>;

const partOf = (alias: Alias, columns: readonly string[]): string =>
  columns.length === 0
    ? 'NULL'
    : `json_build_array(${columns.map((column) => `${alias}.${column}`).join(', ')})`;

/**
 * How devices are read of which a selection is wanted.
 * @param stored what a statement selects that is there already, at least the selection
 */
export function deviceShape(selection: DeviceSelection, stored: DeviceSelection = selection): DeviceShape {
  const columns = columnsOfTables(fieldsOf(stored));
  const { d, m, c, s } = columns;
  const parts = [partOf('d', d), partOf('m', m), partOf('c', c), partOf('s', s)];
  const isNeeded = (alias: Alias): boolean => columns[alias].length > 0;
  return {
    value: `json_build_array(${parts.join(', ')})`,
    joins: (['m', 'c', 's'] as const)
      .filter(isNeeded)
      .map((alias) => JOINS[alias])
      .join(' '),
    read: readerOf(fieldsOf(selection), columns),
  };
}

function readerOf(
  fields: FieldsOfTables,
  columns: Readonly<Record<Alias, readonly string[]>>,
): DeviceShape['read'] {
  const read = {
    d: RowReader.forColumns(columns.d),
    m: RowReader.forColumns(columns.m),
    c: RowReader.forColumns(columns.c),
    s: RowReader.forColumns(columns.s),
  };
  const { core, wifi, dhcp, model, capabilities, customer, status } = fields;
  const customerIn = (value: unknown): Customer =>
    columns.c.length === 0 ? NO_CUSTOMER : toCustomer(read.c(value), customer);
  const modelIn = (value: unknown): DeviceModel =>
    columns.m.length === 0 ? NO_MODEL : toModel(read.m(value), model, capabilities);
  // A device that never reported still has a status as soon as a job has set `provisioned`.
  const statusIn = (row: RowReader, value: unknown): StoredDevice['status'] => {
    if (status === undefined) return null;
    const [provisioned, report] = [row.flagOrNull('provisioned'), read.s(value)];
    if (report.textOrNull('device_id') === null && provisioned === null) return null;
    return readStatus(report, status, provisioned);
  };
  const deviceIn = (row: RowReader, [, m, c, s]: readonly unknown[]): StoredDevice => {
    const device = readSection<StoredDevice>(row, core, () => ({ ...NO_DEVICE }));
    if (wifi !== undefined) device.wifi = readWifi(row, wifi);
    if (dhcp !== undefined) device.dhcp = readDhcp(row, dhcp);
    device.model = modelIn(m);
    device.customer = customerIn(c);
    device.status = statusIn(row, s);
    return device;
  };
  return (value) => {
    const parts = listIn(value);
    const row = read.d(parts[0]);
    try {
      return deviceIn(row, parts);
    } catch (cause) {
      return new UnreadableDeviceError(
        row.text('id'),
        customerOrNone(() => customerIn(parts[2])),
        cause,
      );
    }
  };
}

function listIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('A stored device is no array.');
  return value;
}

function customerOrNone(read: () => Customer): Customer | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const WHOLE = deviceShape('whole');
const columnsOfWhole = columnsOfTables(fieldsOf('whole'));

/** A whole device as one value, for select lists. */
export const DEVICE = `${WHOLE.value} AS device`;

/** What belongs to a whole device `d`, wherever that comes from. */
export const DEVICE_JOINS = WHOLE.joins;

/** The tables that `DEVICE` selects from, without the status. */
export const DEVICE_TABLES_BUT_STATUS = `network_device d ${JOINS.m} ${JOINS.c}`;

/** The tables that `DEVICE` selects from. */
export const DEVICE_TABLES = `network_device d ${DEVICE_JOINS}`;

/** Reads the device out of a row that was selected as `DEVICE`. */
export function toStoredDevice(raw: RawRow): StoredDeviceOrError {
  return WHOLE.read(RowReader.of(raw).list('device'));
}

/** A model `m` as one value, for select lists; null values where a join found none. */
export const MODEL = `${partOf('m', columnsOfWhole.m)} AS model`;

/** A customer `c` as one value, in the same way. */
export const CUSTOMER = `${partOf('c', columnsOfWhole.c)} AS customer`;

const modelRow = RowReader.forColumns(columnsOfWhole.m);
const customerRow = RowReader.forColumns(columnsOfWhole.c);

/** Reads the model out of a row that was selected as `MODEL`; undefined where there is none. */
export function toModelOrNone(raw: RawRow): DeviceModel | undefined {
  const row = modelRow(RowReader.of(raw).list('model'));
  return row.exists('id') ? toModel(row) : undefined;
}

/** Reads the customer out of a row that was selected as `CUSTOMER`; undefined where there is none. */
export function toCustomerOrNone(raw: RawRow): Customer | undefined {
  const row = customerRow(RowReader.of(raw).list('customer'));
  return row.exists('id') ? toCustomer(row) : undefined;
}
