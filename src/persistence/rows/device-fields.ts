import type { Customer } from '../../domain/customer.js';
import type { DeviceState } from '../../domain/device.js';
import type { DeviceCapabilities, DeviceModel, DeviceModelType } from '../../domain/device-model.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import type { RowReader } from '../database/row-reader.js';
import type { ColumnKind } from './column-arrays.js';
import { type ReadField, readSection, sectionFields, type SectionFields } from './section.js';

// How the fields of a device that are no settings of WiFi or DHCP and no report are read, and those of its model and customer.

/** The states of the database's enum. */
export const DEVICE_STATES: readonly DeviceState[] = ['ACTIVE', 'PROVISIONING', 'DELETING'];
const MODEL_TYPES: readonly DeviceModelType[] = ['ROUTER', 'SWITCH', 'FIREWALL', 'ACCESSPOINT', 'OTHER'];

const text = (column: string): ReadField<string> => ({
  columns: [column],
  kind: 'text',
  read: (row) => row.text(column),
});

const textOrNull = (column: string): ReadField<string | null> => ({
  columns: [column],
  kind: 'text',
  read: (row) => row.textOrNull(column),
});

const number = (column: string): ReadField<number> => ({
  columns: [column],
  kind: 'number',
  read: (row) => row.int(column),
});

const flag = (column: string): ReadField<boolean> => ({
  columns: [column],
  kind: 'flag',
  read: (row) => row.flag(column),
});

const time = (column: string): ReadField<Date> => ({
  columns: [column],
  kind: 'time',
  read: (row) => row.time(column),
});

/** Whether there is a value. */
const exists = (column: string, kind: ColumnKind): ReadField<boolean> => ({
  columns: [column],
  kind,
  read: (row) => row.exists(column),
});

/** A device without its sections. */
export type DeviceCore = Omit<StoredDevice, 'wifi' | 'dhcp' | 'model' | 'customer' | 'status'>;

export const CORE = sectionFields<DeviceCore>({
  id: text('id'),
  version: number('version'),
  state: { columns: ['state'], kind: 'text', read: (row) => row.oneOf('state', DEVICE_STATES) },
  name: text('name'),
  notes: textOrNull('notes'),
  macAddress: {
    columns: ['mac_address', 'shown_mac_address'],
    kind: 'text',
    read: (row) => row.textOrNull('shown_mac_address') ?? row.text('mac_address'),
  },
  serialNumber: textOrNull('serial_number'),
  mvnoAccount: textOrNull('mvno_account'),
  jobs: number('jobs'),
  hasRunningJob: exists('running_job_id', 'number'),
  hasOpenRemoval: flag('has_open_removal'),
  isGivenUp: exists('shown_mac_address', 'text'),
  createdAt: time('created_at'),
  updatedAt: time('updated_at'),
});

/** A model without its capabilities. */
export type ModelCore = Omit<DeviceModel, 'capabilities'>;

export const MODEL_CORE = sectionFields<ModelCore>({
  id: text('id'),
  name: text('name'),
  type: { columns: ['type'], kind: 'text', read: (row) => row.oneOf('type', MODEL_TYPES) },
  brand: textOrNull('brand'),
  description: textOrNull('description'),
  picture: textOrNull('picture'),
});

export const CAPABILITIES = sectionFields<DeviceCapabilities>({
  wifi: flag('wifi'),
  wifi2G: flag('wifi_2g'),
  wifi5G: flag('wifi_5g'),
  wifi6G: flag('wifi_6g'),
  simSupport: flag('sim_support'),
});

const NO_CAPABILITIES: DeviceCapabilities = {
  wifi: false,
  wifi2G: false,
  wifi5G: false,
  wifi6G: false,
  simSupport: false,
};

export const NO_MODEL: DeviceModel = {
  id: '',
  name: '',
  type: 'OTHER',
  brand: null,
  description: null,
  picture: null,
  capabilities: NO_CAPABILITIES,
};

export const CUSTOMER_FIELDS = sectionFields<Customer>({
  id: text('id'),
  name: text('name'),
  ancestorIds: {
    columns: ['ancestor_ids'],
    kind: 'other',
    read: (row) => row.list('ancestor_ids').filter((id) => typeof id === 'string'),
  },
});

export const NO_CUSTOMER: Customer = { id: '', name: '', ancestorIds: [] };

/** What stands in place of fields that are not read. */
export const NO_DEVICE: StoredDevice = {
  id: '',
  version: 0,
  state: 'ACTIVE',
  name: '',
  notes: null,
  macAddress: '',
  serialNumber: null,
  mvnoAccount: null,
  jobs: 0,
  hasRunningJob: false,
  hasOpenRemoval: false,
  isGivenUp: false,
  wifi: null,
  dhcp: null,
  model: NO_MODEL,
  customer: NO_CUSTOMER,
  status: null,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};

/** Reads a device model out of the columns of its table. */
export function toModel(
  row: RowReader,
  fields: SectionFields<ModelCore> = MODEL_CORE,
  capabilities: SectionFields<DeviceCapabilities> = CAPABILITIES,
): DeviceModel {
  const model = readSection<DeviceModel>(row, fields, () => ({ ...NO_MODEL }));
  model.capabilities = readSection(row, capabilities, () => ({ ...NO_CAPABILITIES }));
  return model;
}

export function toCustomer(row: RowReader, fields: SectionFields<Customer> = CUSTOMER_FIELDS): Customer {
  return readSection(row, fields, () => ({ ...NO_CUSTOMER }));
}
