import { DHCP_COLUMNS, readDhcp, readReport, readWifi, STATUS_COLUMNS, WIFI_COLUMNS } from './fields.js';
import type { Customer } from '../../domain/customer.js';
import type { DeviceState } from '../../domain/device.js';
import type { DeviceModel, DeviceModelType } from '../../domain/device-model.js';
import type { DeviceStatus } from '../../domain/device-status.js';
import type { RawRow } from '../database/database.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import { RowReader, UnreadableRowError } from '../database/row-reader.js';

/** A device whose row does not hold what the database's schema says. */
class UnreadableDeviceError extends UnreadableRowError {
  override readonly name = 'UnreadableDeviceError';

  constructor(
    readonly id: string,
    /** Whose it is; undefined where not even that can be read. */
    readonly customer: Customer | undefined,
    cause: unknown,
  ) {
    super('The stored device cannot be read.', { cause });
  }
}

/** What a row holds: one that cannot be read is the trouble of those who want it, and of nobody who reads others with it. */
export type StoredDeviceOrError = StoredDevice | UnreadableDeviceError;

/** A device that is gone, for those who are still to be told that it was deleted. */
export interface EndedDevice {
  readonly id: string;
  /** Whose it was. */
  readonly customer: Customer;
  readonly lastVersion: number;
}

/** The states of the database's enum. */
export const DEVICE_STATES: readonly DeviceState[] = ['ACTIVE', 'PROVISIONING', 'DELETING'];
const MODEL_TYPES: readonly DeviceModelType[] = ['ROUTER', 'SWITCH', 'FIREWALL', 'ACCESSPOINT', 'OTHER'];

const named = (columns: string): readonly string[] => columns.trim().split(/\s+/);

/** The columns of each table that a device is made of, under its alias in the joins below. */
const COLUMNS = {
  d: [
    ...named(`
      id version state name notes mac_address serial_number mvno_account jobs running_job_id provisioned
      has_open_removal shown_mac_address`),
    ...WIFI_COLUMNS,
    ...DHCP_COLUMNS,
    ...named('created_at updated_at'),
  ],
  m: named('id name type brand description picture wifi wifi_2g wifi_5g wifi_6g sim_support'),
  c: named('id name ancestor_ids'),
  s: ['device_id', ...STATUS_COLUMNS.values()],
};

type Alias = keyof typeof COLUMNS;

const partOf = (alias: Alias): string =>
  `json_build_array(${COLUMNS[alias].map((column) => `${alias}.${column}`).join(', ')})`;

/**
 * A whole device as one value, for select lists: `d` the device, `m` its model, `c` its customer, `s` its status. A driver takes
 * far longer over seventy columns than over one JSON text. What `toStoredDevice` reads stands here and nowhere else.
 */
export const DEVICE = `json_build_array(${[partOf('d'), partOf('m'), partOf('c'), partOf('s')].join(', ')}) AS device`;

const read = {
  d: RowReader.forColumns(COLUMNS.d),
  m: RowReader.forColumns(COLUMNS.m),
  c: RowReader.forColumns(COLUMNS.c),
  s: RowReader.forColumns(COLUMNS.s),
};

/** A model `m` as one value, for select lists; null values where a join found none. */
export const MODEL = `${partOf('m')} AS model`;

/** A customer `c` as one value, in the same way. */
export const CUSTOMER = `${partOf('c')} AS customer`;

/** Reads the model out of a row that was selected as `MODEL`; undefined where there is none. */
export function toModelOrNone(raw: RawRow): DeviceModel | undefined {
  const row = read.m(RowReader.of(raw).list('model'));
  return row.exists('id') ? toModel(row) : undefined;
}

/** Reads the customer out of a row that was selected as `CUSTOMER`; undefined where there is none. */
export function toCustomerOrNone(raw: RawRow): Customer | undefined {
  const row = read.c(RowReader.of(raw).list('customer'));
  return row.exists('id') ? toCustomer(row) : undefined;
}

const MODEL_AND_CUSTOMER = `
  JOIN device_model m ON m.id = d.model_id
  JOIN customer c ON c.id = d.customer_id`;

/** What belongs to a device `d`, wherever that comes from. */
export const DEVICE_JOINS = `${MODEL_AND_CUSTOMER}
  LEFT JOIN device_status s ON s.device_id = d.id`;

/** The tables that `DEVICE` selects from, without the status. */
export const DEVICE_TABLES_BUT_STATUS = `network_device d ${MODEL_AND_CUSTOMER}`;

/** The tables that `DEVICE` selects from. */
export const DEVICE_TABLES = `network_device d ${DEVICE_JOINS}`;

/** Reads the device out of a row that was selected as `DEVICE`. */
export function toStoredDevice(raw: RawRow): StoredDeviceOrError {
  const [device, model, customer, status] = RowReader.of(raw).list('device');
  const row = read.d(device);
  try {
    return toDevice(row, model, customer, status);
  } catch (cause) {
    return new UnreadableDeviceError(row.text('id'), customerOrNone(customer), cause);
  }
}

function customerOrNone(customer: unknown): Customer | undefined {
  try {
    return toCustomer(read.c(customer));
  } catch {
    return undefined;
  }
}

function toDevice(row: RowReader, model: unknown, customer: unknown, status: unknown): StoredDevice {
  return {
    id: row.text('id'),
    version: row.int('version'),
    state: row.oneOf('state', DEVICE_STATES),
    name: row.text('name'),
    notes: row.textOrNull('notes'),
    macAddress: row.textOrNull('shown_mac_address') ?? row.text('mac_address'),
    serialNumber: row.textOrNull('serial_number'),
    mvnoAccount: row.textOrNull('mvno_account'),
    jobs: row.int('jobs'),
    hasRunningJob: row.exists('running_job_id'),
    hasOpenRemoval: row.flag('has_open_removal'),
    isGivenUp: row.exists('shown_mac_address'),
    wifi: readWifi(row),
    dhcp: readDhcp(row),
    model: toModel(read.m(model)),
    customer: toCustomer(read.c(customer)),
    status: toStatus(row.flagOrNull('provisioned'), read.s(status)),
    createdAt: row.time('created_at'),
    updatedAt: row.time('updated_at'),
  };
}

/** Reads a device model out of the columns of its table. */
export function toModel(row: RowReader): DeviceModel {
  return {
    id: row.text('id'),
    name: row.text('name'),
    type: row.oneOf('type', MODEL_TYPES),
    brand: row.textOrNull('brand'),
    description: row.textOrNull('description'),
    picture: row.textOrNull('picture'),
    capabilities: {
      wifi: row.flag('wifi'),
      wifi2G: row.flag('wifi_2g'),
      wifi5G: row.flag('wifi_5g'),
      wifi6G: row.flag('wifi_6g'),
      simSupport: row.flag('sim_support'),
    },
  };
}

function toCustomer(row: RowReader): Customer {
  const ancestorIds = row.list('ancestor_ids').filter((id) => typeof id === 'string');
  return { id: row.text('id'), name: row.text('name'), ancestorIds };
}

/** A device that never reported still has a status as soon as a job has set `provisioned`. */
function toStatus(provisioned: boolean | null, row: RowReader): DeviceStatus | null {
  if (row.textOrNull('device_id') === null && provisioned === null) return null;
  return { provisioned, ...readReport(row) };
}
