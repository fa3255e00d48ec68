import { isDeepStrictEqual } from 'node:util';
import type { DeviceSettings } from './device.js';
import {
  DHCP_DEFAULTS,
  type DhcpSettings,
  MAX_RESERVATIONS,
  RESERVATION_FIELDS,
  RESERVATIONS_PATH,
  type ReservedClient,
  reservationPath,
} from './dhcp.js';
import { WIFI_DEFAULTS } from './wifi.js';

const TEXT_FIELDS = ['name', 'notes', 'macAddress', 'serialNumber', 'mvnoAccount'] as const;

/**
 * Dotted paths of every value that differs. A section that is not there counts as one that holds its defaults.
 * Reservations are compared client by client, wherever in the list they stand.
 */
export function changedPaths(before: DeviceSettings, after: DeviceSettings): ReadonlySet<string> {
  return new Set([
    ...changedLeaves(before, after),
    ...changedReservations(reservationsOf(before), reservationsOf(after)),
  ]);
}

/**
 * What a person would say has changed: dotted paths, all reservations as one, their order included; a section that comes or goes
 * by its name alone.
 */
export function namesOfChanges(before: DeviceSettings, after: DeviceSettings): readonly string[] {
  return [
    ...TEXT_FIELDS.filter((field) => before[field] !== after[field]),
    ...namesInSection('wifi', before.wifi, after.wifi),
    ...namesInSection('dhcp', before.dhcp, after.dhcp),
    ...(areSameReservations(before.dhcp, after.dhcp) ? [] : [RESERVATIONS_PATH]),
  ];
}

function namesInSection<T extends object>(
  name: string,
  before: T | null,
  after: T | null,
): readonly string[] {
  if (before === null || after === null) return before === after ? [] : [name];
  return changedFields(name, before, after);
}

function reservationsOf({ dhcp }: DeviceSettings): readonly ReservedClient[] {
  return (dhcp ?? DHCP_DEFAULTS).reservedClients;
}

/** Dotted paths of every value that differs, but for the reservations. */
function changedLeaves(before: DeviceSettings, after: DeviceSettings): string[] {
  return [
    ...TEXT_FIELDS.filter((field) => before[field] !== after[field]),
    ...changedFields('wifi', before.wifi ?? WIFI_DEFAULTS, after.wifi ?? WIFI_DEFAULTS),
    ...changedFields('dhcp', before.dhcp ?? DHCP_DEFAULTS, after.dhcp ?? DHCP_DEFAULTS),
  ];
}

function changedFields<T extends object>(section: string, before: T, after: T): string[] {
  const changed: string[] = [];
  for (const field in after) {
    if (before[field] !== after[field] && !Array.isArray(after[field])) changed.push(`${section}.${field}`);
  }
  return changed;
}

/** Whether both sections hold the same reservations in the same order, or one of them is not there. */
function areSameReservations(before: DhcpSettings | null, after: DhcpSettings | null): boolean {
  if (before === null || after === null) return true;
  const [old, clients] = [before.reservedClients, after.reservedClients];
  if (old === clients) return true;
  return (
    old.length === clients.length &&
    clients.every((client, index) =>
      RESERVATION_FIELDS.every((field) => old[index]?.[field] === client[field]),
    )
  );
}

function changedReservations(before: readonly ReservedClient[], after: readonly ReservedClient[]): string[] {
  // No rule looks at the entries of a list that is too long, so any change in it involves the list itself.
  if (after.length > MAX_RESERVATIONS) return isDeepStrictEqual(before, after) ? [] : [RESERVATIONS_PATH];
  const changed = before.length === after.length ? [] : [RESERVATIONS_PATH];
  const twins = matchReservations(before, after);
  after.forEach((client, index) => {
    const twin = twins.get(index);
    for (const field of RESERVATION_FIELDS) {
      if (twin?.[field] !== client[field]) changed.push(`${reservationPath(index)}.${field}`);
    }
  });
  return changed;
}

/**
 * Finds for each reservation the one it was before: the same client, rather with the same address.
 * Each is taken once, so that a second reservation for a known client is a new one.
 */
function matchReservations(
  before: readonly ReservedClient[],
  after: readonly ReservedClient[],
): ReadonlyMap<number, ReservedClient> {
  const twins = new Map<number, ReservedClient>();
  const taken = new Set<ReservedClient>();
  const match = (keyOf: (client: ReservedClient) => string): void => {
    const untaken = groupBy(
      before.filter((client) => !taken.has(client)),
      keyOf,
    );
    after.forEach((client, index) => {
      const twin = twins.has(index) ? undefined : untaken.get(keyOf(client))?.shift();
      if (twin === undefined) return;
      taken.add(twin);
      twins.set(index, twin);
    });
  };
  match(({ mac, ip }) => `${mac} ${ip}`);
  match(({ mac }) => mac);
  return twins;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
