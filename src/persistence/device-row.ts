import type { Customer } from '../domain/customer.js';
import type { Device, DeviceState } from '../domain/device.js';
import type { DeviceModel, DeviceModelType } from '../domain/device-model.js';
import type { DeviceStatus } from '../domain/device-status.js';
import type { DhcpSettings, ReservedClient } from '../domain/dhcp.js';
import type { WifiSettings } from '../domain/wifi.js';
import type { RawRow } from './database.js';
import type { SealedText } from './key-ring.js';
import { RowReader } from './row-reader.js';

/** A device as it is stored: its WiFi passwords are sealed. */
export type StoredDevice = Device<SealedText>;

/** The states of the database's enum. */
export const DEVICE_STATES: readonly DeviceState[] = ['ACTIVE', 'PROVISIONING', 'DELETING'];
const MODEL_TYPES: readonly DeviceModelType[] = ['ROUTER', 'SWITCH', 'FIREWALL', 'ACCESSPOINT', 'OTHER'];

/**
 * The select list and the joins of a whole device: `d` the device, `m` its model, `c` its customer, `s` its status.
 * What `toStoredDevice` reads stands here and nowhere else.
 */
export const DEVICE_COLUMNS = `
  d.id, d.version, d.state::text AS state, d.name, d.notes, d.mac_address, d.serial_number, d.mvno_account, d.jobs,
  d.running_job_id IS NOT NULL AS has_running_job,
  d.provisioned, d.wifi_enabled, d.wifi_ssid, d.wifi_password, d.wifi_enabled_5g, d.wifi_ssid_5g, d.wifi_password_5g,
  d.wifi_enabled_6g, d.wifi_ssid_6g, d.wifi_password_6g, d.wifi_bandsteering, d.dhcp_enable, d.dhcp_ip_pool_start,
  d.dhcp_ip_pool_end, d.dhcp_lease_minutes, d.dhcp_primary_dns_server, d.dhcp_reserved_clients,
  d.created_at, d.updated_at,
  m.id AS m_id, m.name AS m_name, m.type::text AS m_type, m.brand AS m_brand, m.description AS m_description,
  m.picture AS m_picture, m.wifi AS m_wifi, m.wifi_2g AS m_wifi_2g, m.wifi_5g AS m_wifi_5g, m.wifi_6g AS m_wifi_6g,
  m.sim_support AS m_sim_support,
  c.id AS c_id, c.name AS c_name, c.ancestor_ids AS c_ancestor_ids,
  s.device_id AS s_device_id, s.last_comm AS s_last_comm, s.online AS s_online, s.lan_ip AS s_lan_ip,
  s.subnet_mask AS s_subnet_mask, s.gateway AS s_gateway, s.wan_ip AS s_wan_ip, s.public_ip AS s_public_ip,
  s.up_time_seconds AS s_up_time_seconds, s.dns AS s_dns, s.dns2 AS s_dns2, s.ipv6 AS s_ipv6,
  s.ipv6_dns AS s_ipv6_dns, s.ipv6_dns2 AS s_ipv6_dns2, s.sim_status_code AS s_sim_status_code,
  s.network_type_code AS s_network_type_code, s.signal_strength AS s_signal_strength,
  s.ss_signal_strength AS s_ss_signal_strength, s.uplink_rate_kbps AS s_uplink_rate_kbps,
  s.downlink_rate_kbps AS s_downlink_rate_kbps, s.connection_seconds AS s_connection_seconds`;

const MODEL_AND_CUSTOMER = `
  JOIN device_model m ON m.id = d.model_id
  JOIN customer c ON c.id = d.customer_id`;

/** What belongs to a device `d`, wherever that comes from. */
export const DEVICE_JOINS = `${MODEL_AND_CUSTOMER}
  LEFT JOIN device_status s ON s.device_id = d.id`;

/** The tables that `DEVICE_COLUMNS` selects from, without the status. */
export const DEVICE_TABLES_BUT_STATUS = `network_device d ${MODEL_AND_CUSTOMER}`;

/** The tables that `DEVICE_COLUMNS` selects from. */
export const DEVICE_TABLES = `network_device d ${DEVICE_JOINS}`;

/** Reads one row of `DEVICE_COLUMNS`. */
export function toStoredDevice(raw: RawRow): StoredDevice {
  const row = new RowReader(raw);
  return {
    id: row.text('id'),
    version: row.int('version'),
    state: row.oneOf('state', DEVICE_STATES),
    name: row.text('name'),
    notes: row.textOrNull('notes'),
    macAddress: row.text('mac_address'),
    serialNumber: row.textOrNull('serial_number'),
    mvnoAccount: row.textOrNull('mvno_account'),
    jobs: row.int('jobs'),
    hasRunningJob: row.flag('has_running_job'),
    wifi: toWifi(row),
    dhcp: toDhcp(row),
    model: toModel(new RowReader(raw, 'm_')),
    customer: toCustomer(new RowReader(raw, 'c_')),
    status: toStatus(row.flagOrNull('provisioned'), new RowReader(raw, 's_')),
    createdAt: row.time('created_at'),
    updatedAt: row.time('updated_at'),
  };
}

function toWifi(row: RowReader): WifiSettings<SealedText> | null {
  const enabled = row.flagOrNull('wifi_enabled');
  if (enabled === null) return null;
  return {
    enabled,
    ssid: row.textOrNull('wifi_ssid'),
    password: toSealed(row.textOrNull('wifi_password')),
    enabled5G: row.flag('wifi_enabled_5g'),
    ssid5G: row.textOrNull('wifi_ssid_5g'),
    password5G: toSealed(row.textOrNull('wifi_password_5g')),
    enabled6G: row.flag('wifi_enabled_6g'),
    ssid6G: row.textOrNull('wifi_ssid_6g'),
    password6G: toSealed(row.textOrNull('wifi_password_6g')),
    bandsteering: row.flag('wifi_bandsteering'),
  };
}

function toSealed(text: string | null): SealedText | null {
  return text === null ? null : { sealed: text };
}

function toDhcp(row: RowReader): DhcpSettings | null {
  const enable = row.flagOrNull('dhcp_enable');
  if (enable === null) return null;
  return {
    enable,
    ipPoolStart: row.textOrNull('dhcp_ip_pool_start'),
    ipPoolEnd: row.textOrNull('dhcp_ip_pool_end'),
    leaseTime: row.intOrNull('dhcp_lease_minutes'),
    primaryDnsServer: row.textOrNull('dhcp_primary_dns_server'),
    reservedClients: row.list('dhcp_reserved_clients').map(toReservedClient),
  };
}

function toReservedClient(value: unknown): ReservedClient {
  const row = new RowReader(Object.fromEntries(Object.entries(value ?? {})));
  return { mac: row.text('mac'), ip: row.text('ip'), enable: row.flag('enable'), id: row.textOrNull('id') };
}

function toModel(row: RowReader): DeviceModel {
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
  return {
    provisioned,
    lastComm: row.timeOrNull('last_comm'),
    online: row.flagOrNull('online'),
    lanIp: row.textOrNull('lan_ip'),
    subnetMask: row.textOrNull('subnet_mask'),
    gateway: row.textOrNull('gateway'),
    wanIp: row.textOrNull('wan_ip'),
    publicIp: row.textOrNull('public_ip'),
    upTimeSeconds: row.intOrNull('up_time_seconds'),
    dns: row.textOrNull('dns'),
    dns2: row.textOrNull('dns2'),
    ipv6: row.textOrNull('ipv6'),
    ipv6Dns: row.textOrNull('ipv6_dns'),
    ipv6Dns2: row.textOrNull('ipv6_dns2'),
    simStatusCode: row.textOrNull('sim_status_code'),
    networkTypeCode: row.textOrNull('network_type_code'),
    signalStrength: row.intOrNull('signal_strength'),
    ssSignalStrength: row.intOrNull('ss_signal_strength'),
    uplinkRateKbps: row.intOrNull('uplink_rate_kbps'),
    downlinkRateKbps: row.intOrNull('downlink_rate_kbps'),
    connectionSeconds: row.intOrNull('connection_seconds'),
  };
}
