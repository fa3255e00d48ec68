import type { Customer } from './customer.js';
import type { DeviceModel } from './device-model.js';
import type { DeviceStatus } from './device-status.js';
import type { DhcpSettings } from './dhcp.js';
import type { WifiSettings } from './wifi.js';

/** In which state a device is (the page: ACTIVE, PROVISIONING, DELETING). */
export type DeviceState = 'ACTIVE' | 'PROVISIONING' | 'DELETING';

/** What an update can change. The order of the fields is the order in which violations are reported. */
export interface DeviceSettings<Secret = string> {
  readonly name: string;
  readonly notes: string | null;
  /** 12 lower-case hex digits, unique in the whole platform. */
  readonly macAddress: string;
  readonly wifi: WifiSettings<Secret> | null;
  readonly dhcp: DhcpSettings | null;
}

/**
 * A network device with everything that belongs to it.
 * `Secret` is how its WiFi passwords are held: sealed as stored, or as plain text while a rule must see them.
 */
export interface Device<Secret = string> extends DeviceSettings<Secret> {
  readonly id: string;
  /** Rises by one with every effective change of the settings. */
  readonly version: number;
  readonly state: DeviceState;
  readonly serialNumber: string | null;
  /** The MVNO account of the SIM card that a router uplinks through. */
  readonly mvnoAccount: string | null;
  /** Provisioning jobs in progress. */
  readonly jobs: number;
  readonly model: DeviceModel;
  readonly customer: Customer;
  readonly status: DeviceStatus | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The settings of a device, without the rest of it. */
export function settingsOf<Secret>({
  name,
  notes,
  macAddress,
  wifi,
  dhcp,
}: DeviceSettings<Secret>): DeviceSettings<Secret> {
  return { name, notes, macAddress, wifi, dhcp };
}

/**
 * The device as an effective update leaves it. Everything that an update sets in motion beside the settings
 * themselves belongs here, so that a dry run shows it and the write stores it.
 */
export function updatedDevice(device: Device, settings: DeviceSettings, now: Date): Device {
  return { ...device, ...settings, version: device.version + 1, updatedAt: now };
}
