import { NO_SETTINGS } from '../../domain/device.js';
import { dottedPath } from '../../errors/dotted-path.js';
import type { NewCustomer, NewDevice } from '../../domain/new-device.js';
import { applyPatch } from '../../domain/device-patch.js';
import { settingsViolations } from '../../domain/device-rules.js';
import type { DeviceModel } from '../../domain/device-model.js';
import type { DeviceStatus } from '../../domain/device-status.js';
import { parseDateTime } from '../../domain/date-time.js';
import { reportViolations } from '../../domain/status-report.js';
import { fleetFormat, type FleetFile } from './fleet-format.js';

/** A fleet of which every record has its shape; whether devices obey the rules depends on their models. */
export interface Fleet {
  readonly customers: readonly NewCustomer[];
  readonly deviceModels: readonly DeviceModel[];
  readonly devices: readonly NewDevice[];
}

/**
 * Reads a fleet file's content: the fleet, or every error with its place in the file.
 * @param now the moment that those of the file are compared with
 */
export function parseFleet(
  content: unknown,
  now: Date,
): { readonly fleet: Fleet } | { readonly errors: readonly string[] } {
  const parsed = fleetFormat.safeParse(content);
  if (!parsed.success) {
    return { errors: parsed.error.issues.map((issue) => `${placeOf(issue.path)}: ${issue.message}`) };
  }
  const fleet = toFleet(parsed.data);
  const errors = [...repeatedIds(fleet), ...statusErrors(parsed.data, now)];
  return errors.length > 0 ? { errors } : { fleet };
}

function placeOf(path: readonly PropertyKey[]): string {
  return dottedPath(path) || 'the file';
}

function toFleet({ customers, deviceModels, networkDevices }: FleetFile): Fleet {
  return {
    customers: customers.map(({ id, name, parentReseller }) => ({
      id,
      name,
      parentResellerId: parentReseller,
    })),
    deviceModels,
    devices: networkDevices.map(toDevice),
  };
}

function toDevice(record: FleetFile['networkDevices'][number]): NewDevice {
  const { name, notes, macAddress, serialNumber, mvnoAccount, wifi, dhcp, status } = record;
  return {
    id: record.id,
    state: record.state,
    modelId: record.model,
    customerId: record.customer,
    // A new device is a blank one that is updated: the same defaults, the same normal forms.
    ...applyPatch(NO_SETTINGS, { name, notes, macAddress, serialNumber, mvnoAccount, wifi, dhcp }),
    status: status && toStatus(status),
  };
}

function toStatus(status: NonNullable<FleetFile['networkDevices'][number]['status']>): DeviceStatus {
  const {
    upTime,
    simStatus,
    networkType,
    ssSingnalStrength,
    uplinkRate,
    downlinkRate,
    connectionTime,
    lastComm,
    ...same
  } = status;
  return {
    ...same,
    lastComm: parseDateTime(lastComm ?? '') ?? null,
    upTimeSeconds: upTime,
    simStatusCode: simStatus,
    networkTypeCode: networkType,
    ssSignalStrength: ssSingnalStrength,
    uplinkRateKbps: uplinkRate,
    downlinkRateKbps: downlinkRate,
    connectionSeconds: connectionTime,
  };
}

/** Every rule of status reports that a status breaks: a device cannot have reported what it may not report. */
function statusErrors({ networkDevices }: FleetFile, now: Date): string[] {
  return networkDevices.flatMap(({ status }, index) => {
    if (status === null) return [];
    const { provisioned: _, ssSingnalStrength, ...same } = status;
    return reportViolations({ ...same, ssSignalStrength: ssSingnalStrength }, now).map(
      ({ path, message }) => {
        const field = path === 'ssSignalStrength' ? 'ssSingnalStrength' : path;
        return `networkDevices[${index}].status.${field}: ${message}`;
      },
    );
  });
}

/** Ids and MAC addresses that stand in the file twice. */
function repeatedIds({ customers, deviceModels, devices }: Fleet): string[] {
  return [
    ...repeats('customers', 'id', customers, ({ id }) => id),
    ...repeats('deviceModels', 'id', deviceModels, ({ id }) => id),
    ...repeats('networkDevices', 'id', devices, ({ id }) => id),
    ...repeats('networkDevices', 'macAddress', devices, ({ macAddress }) => macAddress),
  ];
}

function repeats<T>(
  list: string,
  field: string,
  records: readonly T[],
  key: (record: T) => string,
): string[] {
  const first = new Map<string, number>();
  return records.flatMap((record, index) => {
    const earlier = first.get(key(record));
    if (earlier === undefined) {
      first.set(key(record), index);
      return [];
    }
    return [`${list}[${index}].${field}: The same as that of ${list}[${earlier}].`];
  });
}

/** Every rule that a device breaks, as it will stand in the database. */
export function deviceErrors(device: NewDevice, model: DeviceModel): readonly string[] {
  return settingsViolations(device, { model, status: device.status }).map(
    ({ path, message }) => `${path}: ${message}`,
  );
}
