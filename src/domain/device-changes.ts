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
  const beforeDhcp = before.dhcp ?? DHCP_DEFAULTS;
  const afterDhcp = after.dhcp ?? DHCP_DEFAULTS;
  return new Set([
    ...TEXT_FIELDS.filter((field) => before[field] !== after[field]),
    ...changedFields('wifi', before.wifi ?? WIFI_DEFAULTS, after.wifi ?? WIFI_DEFAULTS),
    ...changedFields('dhcp', withoutList(beforeDhcp), withoutList(afterDhcp)),
    ...changedReservations(beforeDhcp.reservedClients, afterDhcp.reservedClients),
  ]);
}

/**
 * What a person would say has changed: dotted paths, all reservations as one, a section that comes or goes by its name.
 */
export function namesOfChanges(before: DeviceSettings, after: DeviceSettings): readonly string[] {
  const sections = (['wifi', 'dhcp'] as const).filter(
    (name) => (before[name] === null) !== (after[name] === null),
  );
  const paths = [...changedPaths(before, after)].map((path) => path.replace(/\[.*$/, ''));
  return [...new Set([...sections, ...paths])];
}

function withoutList({ reservedClients: _, ...fields }: DhcpSettings): Omit<DhcpSettings, 'reservedClients'> {
  return fields;
}

function changedFields<T extends object>(section: string, before: T, after: T): string[] {
  const changed: string[] = [];
  for (const field in after) {
    if (before[field] !== after[field]) changed.push(`${section}.${field}`);
  }
  return changed;
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
