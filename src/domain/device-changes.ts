import { isDeepStrictEqual } from 'node:util';
import type { DeviceSettings } from './device.js';
import {
  DHCP_DEFAULTS,
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
 * What a person would say has changed: dotted paths, all reservations as one, a section that comes or goes by its name.
 */
export function namesOfChanges(before: DeviceSettings, after: DeviceSettings): readonly string[] {
  const sections = (['wifi', 'dhcp'] as const).filter(
    (name) => (before[name] === null) !== (after[name] === null),
  );
  const areSame = areSameReservations(reservationsOf(before), reservationsOf(after));
  return [...sections, ...changedLeaves(before, after), ...(areSame ? [] : [RESERVATIONS_PATH])];
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

/** Whether both lists hold the same reservations, in any order. */
function areSameReservations(before: readonly ReservedClient[], after: readonly ReservedClient[]): boolean {
  if (before.length !== after.length) return false;
  const byMac = new Map(before.map((client) => [client.mac, client]));
  // Lists with one MAC address twice, which no rule allows any more, are compared client by client.
  if (byMac.size < before.length) return changedReservations(before, after).length === 0;
  return after.every((client) => {
    const twin = byMac.get(client.mac);
    byMac.delete(client.mac);
    return twin !== undefined && RESERVATION_FIELDS.every((field) => twin[field] === client[field]);
  });
}

function changedReservations(before: readonly ReservedClient[], after: readonly ReservedClient[]): string[] {
  // No rule looks at the entries of a list that is too long, so that the list answers for whatever changed in it.
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
