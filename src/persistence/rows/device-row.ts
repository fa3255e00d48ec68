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
import { type Column, columnArrays, type ColumnArrays, type RowsOf } from './column-arrays.js';
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

const PROVISIONED: Column = { name: 'provisioned', kind: 'flag' };
/** Null where a device never reported. */
const REPORT_KEY: Column = { name: 'device_id', kind: 'text' };

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
function columnsOfTables(fields: FieldsOfTables): Readonly<Record<Alias, readonly Column[]>> {
  const { core, wifi, dhcp, model, capabilities, customer, status } = fields;
  return {
    d: [
      ...columnsOf(core),
      ...(wifi ? [WIFI_KEY, ...columnsOf(wifi)] : []),
      ...(dhcp ? [DHCP_KEY, ...columnsOf(dhcp)] : []),
      ...(status ? [PROVISIONED] : []),
    ],
    m: [...columnsOf(model), ...columnsOf(capabilities)],
    c: columnsOf(customer),
    s: status ? [REPORT_KEY, ...columnsOf(status)] : [],
  };
}

const JOINS = {
  d: '',
  m: 'JOIN device_model m ON m.id = d.model_id',
  c: 'JOIN customer c ON c.id = d.customer_id',
  s: 'LEFT JOIN device_status s ON s.device_id = d.id',
} as const satisfies Record<Alias, string>;

/**
 * How devices are read of which a selection is wanted.
 * @param stored what a statement selects that is there already, at least the selection
 */
export function deviceShape(selection: DeviceSelection, stored: DeviceSelection = selection): DeviceShape {
  const columns = columnsOfTables(fieldsOf(stored));
  const { value, rowsIn } = columnArrays(columns);
  const isNeeded = (alias: Alias): boolean => columns[alias].length > 0;
  return {
    value,
    joins: (['m', 'c', 's'] as const)
      .filter(isNeeded)
      .map((alias) => JOINS[alias])
      .join(' '),
    read: readerOf(fieldsOf(selection), rowsIn, isNeeded),
  };
}

function readerOf(
  fields: FieldsOfTables,
  rowsIn: ColumnArrays<Alias>['rowsIn'],
  isRead: (alias: Alias) => boolean,
): DeviceShape['read'] {
  const { core, wifi, dhcp, model, capabilities, customer, status } = fields;
  const customerIn = (rows: RowsOf<Alias>): Customer =>
    isRead('c') ? toCustomer(rows('c'), customer) : NO_CUSTOMER;
  const modelIn = (rows: RowsOf<Alias>): DeviceModel =>
    isRead('m') ? toModel(rows('m'), model, capabilities) : NO_MODEL;
  // A device that never reported still has a status as soon as a job has set `provisioned`.
  const statusIn = (row: RowReader, rows: RowsOf<Alias>): StoredDevice['status'] => {
    if (status === undefined) return null;
    const [provisioned, report] = [row.flagOrNull(PROVISIONED.name), rows('s')];
    if (report.textOrNull(REPORT_KEY.name) === null && provisioned === null) return null;
    return readStatus(report, status, provisioned);
  };
  const deviceIn = (row: RowReader, rows: RowsOf<Alias>): StoredDevice => {
    const device = readSection<StoredDevice>(row, core, () => ({ ...NO_DEVICE }));
    if (wifi !== undefined) device.wifi = readWifi(row, wifi);
    if (dhcp !== undefined) device.dhcp = readDhcp(row, dhcp);
    device.model = modelIn(rows);
    device.customer = customerIn(rows);
    device.status = statusIn(row, rows);
    return device;
  };
  return (value) => {
    const rows = rowsIn(value);
    const row = rows('d');
    try {
      return deviceIn(row, rows);
    } catch (cause) {
      return new UnreadableDeviceError(
        row.text('id'),
        customerOrNone(() => customerIn(rows)),
        cause,
      );
    }
  };
}

function customerOrNone(read: () => Customer): Customer | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const WHOLE = deviceShape('whole');

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

const { m: MODEL_COLUMNS, c: CUSTOMER_COLUMNS } = columnsOfTables(fieldsOf('whole'));
const modelArrays = columnArrays({ m: MODEL_COLUMNS });
const customerArrays = columnArrays({ c: CUSTOMER_COLUMNS });

/** A model `m` as one value, for select lists; null values where a join found none. */
export const MODEL = `${modelArrays.value} AS model`;

/** A customer `c` as one value, in the same way. */
export const CUSTOMER = `${customerArrays.value} AS customer`;

/** Reads the model out of a row that was selected as `MODEL`; undefined where there is none. */
export function toModelOrNone(raw: RawRow): DeviceModel | undefined {
  const row = modelArrays.rowsIn(RowReader.of(raw).list('model'))('m');
  return row.exists('id') ? toModel(row) : undefined;
}

/** Reads the customer out of a row that was selected as `CUSTOMER`; undefined where there is none. */
export function toCustomerOrNone(raw: RawRow): Customer | undefined {
  const row = customerArrays.rowsIn(RowReader.of(raw).list('customer'))('c');
  return row.exists('id') ? toCustomer(row) : undefined;
}
