import { registerEnumType } from 'type-graphql';
import { ACCESS_LEVELS, type AccessLevel } from '../../../access/viewer.js';
import type { DeviceState } from '../../../domain/device.js';
import type { DeviceAction } from '../../../domain/device-history.js';
import type { DeviceOrderField } from '../../../domain/device-order.js';
import type { DeviceModelType } from '../../../domain/device-model.js';
import type { NetworkType } from '../../../domain/network-type.js';
import type { ProvisioningJobKind, ProvisioningJobState } from '../../../domain/provisioning-job.js';
import type { SimStatus } from '../../../domain/sim-status.js';

/** Registers an enum whose values are their own names, each with its description; a value cannot be forgotten. */
function registerEnum<T extends string>(
  name: string,
  description: string,
  values: Readonly<Record<T, string>>,
): Readonly<Record<string, string>> {
  const enumObject = Object.fromEntries(Object.keys(values).map((value) => [value, value]));
  const valuesConfig = Object.fromEntries(
    Object.entries<string>(values).map(([value, text]) => [value, { description: text }]),
  );
  registerEnumType(enumObject, { name, description, valuesConfig });
  return enumObject;
}

export const DeviceStateEnum = registerEnum<DeviceState>('DeviceState', 'Which state a device is in.', {
  ACTIVE: 'The device is in service and its last settings have been dealt with.',
  PROVISIONING: 'Settings are on their way to the device.',
  DELETING: 'The device is being deleted and takes no more changes.',
});

export const DeviceActionEnum = registerEnum<DeviceAction>('DeviceAction', 'What was done to a device.', {
  CREATE: 'It was created.',
  UPDATE: 'Its settings were changed.',
  REPLACE: 'Other hardware took its place.',
  REVERT: 'Settings of an earlier version were brought back.',
  DELETE: 'Its removal was begun, or begun again.',
  RETRY: 'Its settings were sent once more.',
  IMPORT: 'It was imported by the operators of the platform.',
});

export const ProvisioningJobKindEnum = registerEnum<ProvisioningJobKind>(
  'ProvisioningJobKind',
  'What a provisioning job does.',
  {
    SETTINGS: 'It brings the settings of the device to the device.',
    REMOVAL: 'It takes the device out of service; when it has ended well, the device is gone.',
  },
);

export const ProvisioningJobStateEnum = registerEnum<ProvisioningJobState>(
  'ProvisioningJobState',
  'What became of a provisioning job.',
  {
    QUEUED: 'It waits: for its first attempt, or for another one after an attempt that failed.',
    RUNNING: 'The settings, or the removal, are being sent to the device.',
    APPLIED: 'The device has the settings.',
    FAILED:
      'The device does not have the settings, or is not removed; the error says why. retryProvisioning sends settings once more, deleteNetworkDevice a removal.',
    SUPERSEDED: 'A newer job took its place, or the device is being deleted.',
  },
);

export const DeviceModelTypeEnum = registerEnum<DeviceModelType>(
  'DeviceModelType',
  'What kind of device a model is.',
  {
    ROUTER: 'A router.',
    SWITCH: 'A switch.',
    FIREWALL: 'A firewall.',
    ACCESSPOINT: 'A WiFi access point.',
    OTHER: 'Any other network device.',
  },
);

export const SimStatusEnum = registerEnum<SimStatus>(
  'SimStatus',
  'State of the SIM card in a mobile router.',
  {
    READY: 'Code 1: the SIM card is ready.',
    PIN_VERIFIED: 'Code 2: the PIN has been verified.',
    PIN_LOCK: 'Code 3: the SIM card waits for its PIN.',
    PUK_LOCK: 'Code 4: the SIM card waits for its PUK.',
    BLOCKED: 'Code 5: the SIM card is blocked for good.',
    NO_SIM: 'Code 6: there is no SIM card.',
    UNKNOWN: 'Code 7: the router does not know.',
  },
);

export const NetworkTypeEnum = registerEnum<NetworkType>(
  'NetworkType',
  'Type of mobile network that a router is connected to. The codes are bits, the best network has the highest.',
  {
    NONE: 'Code 1: not connected.',
    GSM: 'Code 2: GSM (2G).',
    WCDMA: 'Code 4: WCDMA (3G).',
    LTE: 'Code 8: LTE (4G).',
    LTE_PLUS: 'Code 16: LTE Advanced (4G+).',
    NR: 'Code 32: New Radio (5G).',
  },
);

const ACCESS_LEVEL_TEXTS: Readonly<Record<AccessLevel, string>> = {
  NO_LOGIN: 'May not log in.',
  PERSONAL: 'May see nothing of network devices.',
  VIEWER: "Reads the devices of the viewer's own customer, without WiFi passwords.",
  MANAGER: "Reads and changes the devices of the viewer's own customer.",
  OWNER: "Reads and changes the devices of the viewer's own customer.",
  RESELLER:
    'Reads and changes the devices of the reseller itself, of its customers and of all below its sub resellers.',
  RESELLER_ADMIN: 'Reads all devices, without WiFi passwords.',
  ADMIN: 'Reads and changes all devices.',
};

export const AccessLevelEnum = registerEnum<AccessLevel>(
  'AccessLevel',
  `The platform's access levels, from ${ACCESS_LEVELS[0]} to ADMIN.`,
  ACCESS_LEVEL_TEXTS,
);

export const NetworkDeviceOrderFieldEnum = registerEnum<DeviceOrderField>(
  'NetworkDeviceOrderField',
  'What a list of devices can be in the order of.',
  {
    ID: 'The id.',
    NAME: "The name, in Unicode's root order (und-x-icu).",
    UPDATED_AT: 'When the device was changed last; jobs and status reports do not count.',
  },
);

/** Whether an order rises or falls. */
export type OrderDirection = 'ASC' | 'DESC';

export const OrderDirectionEnum = registerEnum<OrderDirection>(
  'OrderDirection',
  'Whether an order rises or falls.',
  { ASC: 'It rises.', DESC: 'It falls: the exact reverse.' },
);
