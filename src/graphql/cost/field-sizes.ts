import { SETTINGS_PATHS } from '../../domain/revert-patch.js';
import type { Size } from './cost.js';

/**
 * What a schema does not say of the sizes of its values, by schema coordinate (`Type.field`, `Type.field(argument:)`).
 * A field that is not here although it should is refused when the schema is built.
 */
export interface FieldSizes {
  /** Texts, in bytes of UTF-8: every field of type String, and ids that are no ids of this service. */
  readonly texts: Readonly<Record<string, Size>>;
  /** Lists in answers whose length no argument says. */
  readonly lists: Readonly<Record<string, Size>>;
  /** Maximum number of entries of lists in arguments; the operations refuse longer ones. */
  readonly listArguments: Readonly<Record<string, number>>;
  /** Fields that count all records of a list. */
  readonly counts: ReadonlySet<string>;
}

/** A character takes up to four bytes. */
const characters = (usual: number, most: number): Size => ({ usual, largest: 4 * most });
/** In JSON a quotation mark or a backslash takes two bytes. */
const ascii = (usual: number, most: number): Size => ({ usual, largest: 2 * most });
const entries = (usual: number, largest: number): Size => ({ usual, largest });

const SSID = ascii(12, 32);
const PASSWORD = ascii(14, 64);
const CURSOR = ascii(36, 100);
/** It may hold a name. */
const DEVICE_CURSOR = ascii(36, 600);
const IDS = 1_000;
const ENUM_VALUES = 100;

/** The sizes of the gateway's fields. */
export const FIELD_SIZES: FieldSizes = {
  texts: {
    'NetworkDevice.name': characters(20, 100),
    'NetworkDevice.notes': characters(60, 4_096),
    'NetworkDevice.serialNumber': ascii(16, 64),
    'DeviceSettings.name': characters(20, 100),
    'DeviceSettings.notes': characters(60, 4_096),
    'DeviceSettings.serialNumber': ascii(16, 64),
    'DeviceChange.by': characters(24, 8_192),
    'DeviceChange.requestId': ascii(40, 100),
    'DeviceChange.paths': ascii(16, 32),
    'DeviceChangeEdge.cursor': CURSOR,
    'WifiSettings.ssid': SSID,
    'WifiSettings.ssid5G': SSID,
    'WifiSettings.ssid6G': SSID,
    'WifiSettings.password': PASSWORD,
    'WifiSettings.password5G': PASSWORD,
    'WifiSettings.password6G': PASSWORD,
    'ReservedClient.reservationId': characters(12, 64),
    'ReservedClient.id': characters(12, 64),
    'DeviceStatus.simStatusCode': characters(2, 64),
    'DeviceStatus.networkTypeCode': characters(2, 64),
    'ProvisioningJob.error': characters(20, 500),
    'DeviceModel.name': characters(20, 100),
    'DeviceModel.brand': characters(15, 100),
    'DeviceModel.description': characters(100, 4_096),
    'Customer.name': characters(25, 100),
    'Viewer.id': characters(24, 8_192),
    'NetworkDeviceEdge.cursor': DEVICE_CURSOR,
    'CustomerEdge.cursor': CURSOR,
    'PageInfo.startCursor': DEVICE_CURSOR,
    'PageInfo.endCursor': DEVICE_CURSOR,
    'Query._sdl': entries(45_000, 200_000),
    '_Service.sdl': entries(45_000, 200_000),
  },
  lists: {
    'DhcpSettings.reservedClients': entries(10, 256),
    'DeviceStatus.networkTypes': entries(2, 6),
    'DeviceChange.paths': entries(2, SETTINGS_PATHS.size),
    'Query.deviceModels': entries(100, 500),
  },
  listArguments: {
    'Query.networkDevices(ids:)': IDS,
    'Query.deviceModels(ids:)': IDS,
    'Query.customers(ids:)': IDS,
    'Query._entities(representations:)': IDS,
    'Mutation.reportDeviceStatus(reports:)': 500,
    'Mutation.syncCustomers(customers:)': 500,
    'Mutation.revertNetworkDevice(paths:)': 100,
    'Subscription.networkDeviceChanged(ids:)': IDS,
    'NetworkDevice.provisioningJobs(state:)': ENUM_VALUES,
    'NetworkDeviceFilter.ids': IDS,
    'NetworkDeviceFilter.model': IDS,
    'NetworkDeviceFilter.state': ENUM_VALUES,
    'NetworkDeviceFilter.type': ENUM_VALUES,
    'NetworkDeviceFilter.simStatus': ENUM_VALUES,
    'DhcpSettingsInput.reservedClients': 256,
    'DhcpSettingsInput.putReservedClients': 256,
    'DhcpSettingsInput.removeReservedClients': 256,
  },
  counts: new Set([
    'NetworkDeviceConnection.totalCount',
    'CustomerConnection.totalCount',
    'Query.networkDeviceCounts',
  ]),
};
