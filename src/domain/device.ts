import { isDeepStrictEqual } from 'node:util';
import type { Customer } from './customer.js';
import type { DeviceModel } from './device-model.js';
import { type DeviceStatus, UNREPORTED_STATUS } from './device-status.js';
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
  /** 1 to 64 printable ASCII characters. */
  readonly serialNumber: string | null;
  /** Id of the MVNO account of the SIM card that a router uplinks through. */
  readonly mvnoAccount: string | null;
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
  /** Provisioning jobs in progress: at most one that waits and one that runs. */
  readonly jobs: number;
  readonly hasRunningJob: boolean;
  /** Whether a job waits or runs that removes the device; it is DELETING then. */
  readonly hasOpenRemoval: boolean;
  /** Whether it has given its MAC address to another device: it ends with the job that runs. */
  readonly isGivenUp: boolean;
  readonly model: DeviceModel;
  readonly customer: Customer;
  readonly status: DeviceStatus | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The settings of a device before it is there. */
export const NO_SETTINGS = {
  name: '',
  notes: null,
  macAddress: '',
  serialNumber: null,
  mvnoAccount: null,
  wifi: null,
  dhcp: null,
} as const satisfies DeviceSettings;

/** The settings of a device, without the rest of it. */
export function settingsOf<Secret>({
  name,
  notes,
  macAddress,
  serialNumber,
  mvnoAccount,
  wifi,
  dhcp,
}: DeviceSettings<Secret>): DeviceSettings<Secret> {
  return { name, notes, macAddress, serialNumber, mvnoAccount, wifi, dhcp };
}

/** What an effective update makes of a device. */
interface DeviceUpdate {
  readonly device: Device;
  /** Whether the change concerns the device itself, and not only what people call it: a job brings it there. */
  readonly needsJob: boolean;
}

/**
 * The device as an effective update leaves it. Everything that an update changes beside the settings
 * themselves belongs here, so that a dry run shows it and the write stores it.
 */
export function updatedDevice(before: Device, settings: DeviceSettings, now: Date): DeviceUpdate {
  const device = { ...before, ...settings, version: before.version + 1, updatedAt: now };
  const needsJob = !isDeepStrictEqual(sentSettings(before), sentSettings(settings));
  return { device: needsJob ? provisionedAnew(device) : device, needsJob };
}

/** The device with other hardware in its place: its settings are on their way to that, of which nothing is known yet. */
export function replacedDevice(
  before: Device,
  settings: DeviceSettings,
  model: DeviceModel,
  now: Date,
): Device {
  const device = { ...before, ...settings, model, version: before.version + 1, updatedAt: now, status: null };
  return provisionedAnew(device);
}

/** The part of the settings that is sent to a device. */
function sentSettings({ macAddress, wifi, dhcp }: DeviceSettings): unknown {
  return { macAddress, wifi, dhcp };
}

/** The device with a new job that waits, in place of one that waited before; one that runs goes on. */
export function provisionedAnew<Secret>(device: Device<Secret>): Device<Secret> {
  return {
    ...device,
    state: 'PROVISIONING',
    jobs: device.hasRunningJob ? 2 : 1,
    status: { ...(device.status ?? UNREPORTED_STATUS), provisioned: false },
  };
}

/** The device with a job that removes it; one that runs goes on. A device that is being deleted keeps its version. */
export function removedDevice<Secret>(before: Device<Secret>, now: Date): Device<Secret> {
  return { ...deletingDevice(before, now), jobs: before.hasRunningJob ? 2 : 1, hasOpenRemoval: true };
}

/** The device at its end: without jobs. */
export function endedDevice<Secret>(before: Device<Secret>, now: Date): Device<Secret> {
  return { ...deletingDevice(before, now), jobs: 0 };
}

function deletingDevice<Secret>(before: Device<Secret>, now: Date): Device<Secret> {
  if (before.state === 'DELETING') return before;
  return { ...before, state: 'DELETING', version: before.version + 1, updatedAt: now };
}

/** How far the settings of a device are on their way, as the database says after a write. */
export interface ProvisioningProgress {
  readonly state: DeviceState;
  readonly jobs: number;
  readonly provisioned: boolean | null;
}

/** The device with the progress that was written: a job may have begun or ended since the device was read. */
export function withProgress<Secret>(
  device: Device<Secret>,
  { state, jobs, provisioned }: ProvisioningProgress,
): Device<Secret> {
  return { ...device, state, jobs, status: device.status && { ...device.status, provisioned } };
}
