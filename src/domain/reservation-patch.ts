import { parseMac } from './addresses.js';
import {
  type DhcpSettings,
  MAX_RESERVATIONS,
  type ReservedClient,
  RESERVATIONS_PATH,
  reservationPath,
} from './dhcp.js';
import { type RuleViolation, violation } from './violation.js';

/** A reservation that is to be there: what it does not give stays as it is. */
export interface PutReservation extends Partial<Omit<ReservedClient, 'mac'>> {
  readonly mac: string;
}

/** Changes of single reservations, which leave the others as they are; null changes nothing. */
export interface ReservationPatch {
  readonly putReservedClients?: readonly PutReservation[] | null;
  readonly removeReservedClients?: readonly string[] | null;
}

const PUT_PATH = 'dhcp.putReservedClients';
const REMOVE_PATH = 'dhcp.removeReservedClients';
const NOT_A_MAC = 'Not a MAC address: 12 hex digits.';
const TWICE = 'The list names this mac twice.';
const BESIDE_WHOLE_LIST = 'Not together with reservedClients, which replaces the whole list.';

/** The valid entries by MAC address in normal form: those that are malformed or repeated are violations, and change nothing. */
function puts({ putReservedClients }: ReservationPatch): ReadonlyMap<string, PutEntry> {
  const byMac = new Map<string, PutEntry>();
  for (const [index, item] of (putReservedClients ?? []).entries()) {
    const mac = parseMac(item.mac);
    if (mac !== undefined && !byMac.has(mac)) byMac.set(mac, { index, item });
  }
  return byMac;
}

interface PutEntry {
  /** Its place in the list of the input. */
  readonly index: number;
  readonly item: PutReservation;
}

/** The reservations after the patch: first removed, then put. New ones stand at the end, the rest stays where it is. */
export function mergedReservations(
  current: readonly ReservedClient[],
  patch: ReservationPatch,
): readonly ReservedClient[] {
  const removed = new Set(patch.removeReservedClients?.map((mac) => parseMac(mac) ?? mac));
  const entries = puts(patch);
  const kept = current.filter(({ mac }) => !removed.has(mac));
  const known = new Set(kept.map(({ mac }) => mac));
  const changed = kept.map((client) => {
    const put = entries.get(client.mac);
    return put === undefined ? client : { ...client, ...put.item, mac: client.mac };
  });
  const added = [...entries].filter(([mac]) => !known.has(mac));
  return [...changed, ...added.map(([mac, { item }]) => ({ ip: '', enable: true, id: null, ...item, mac }))];
}

/** Whether the patch only removes, so that an absent section stays absent. */
export function onlyRemoves(patch: ReservationPatch): boolean {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const isRest = given.every(
    ([name, value]) => name === 'removeReservedClients' || (name === 'putReservedClients' && value === null),
  );
  return isRest && Array.isArray(patch.removeReservedClients);
}

/** What is wrong with the patch itself, whatever the device has. */
export function patchViolations(
  patch: ReservationPatch & { readonly reservedClients?: unknown },
): RuleViolation[] {
  const { putReservedClients, removeReservedClients } = patch;
  const whole = patch.reservedClients !== undefined;
  const macs = putReservedClients?.map(({ mac }) => mac);
  return [
    // A device has no room for what a longer list puts.
    ...(isTooLong(macs) && !whole
      ? [tooLong(RESERVATIONS_PATH)]
      : listViolations(macs, PUT_PATH, (index) => `${PUT_PATH}[${index}].mac`, whole)),
    ...(isTooLong(removeReservedClients) && !whole
      ? [tooLong(REMOVE_PATH)]
      : listViolations(removeReservedClients, REMOVE_PATH, (index) => `${REMOVE_PATH}[${index}]`, whole)),
  ];
}

function isTooLong(list: readonly unknown[] | null | undefined): boolean {
  return list !== null && list !== undefined && list.length > MAX_RESERVATIONS;
}

/** One violation for the whole list, whose entries are not checked. */
function tooLong(path: string): RuleViolation {
  return violation(path, `At most ${MAX_RESERVATIONS} reservations.`);
}

function listViolations(
  macs: readonly string[] | null | undefined,
  path: string,
  pathOf: (index: number) => string,
  isBesideWholeList: boolean,
): RuleViolation[] {
  if (macs === null || macs === undefined) return [];
  if (isBesideWholeList) return [violation(path, BESIDE_WHOLE_LIST)];
  const seen = new Set<string>();
  return macs.flatMap((text, index) => {
    const mac = parseMac(text);
    if (mac === undefined) return [violation(pathOf(index), NOT_A_MAC)];
    if (seen.has(mac)) return [violation(pathOf(index), TWICE)];
    seen.add(mac);
    return [];
  });
}

/** The same violations of the merged list, with the paths of the items that were put where one is involved. */
export function atPutItems(
  violations: readonly RuleViolation[],
  after: DhcpSettings | null,
  patch: ReservationPatch,
): readonly RuleViolation[] {
  const entries = puts(patch);
  if (entries.size === 0 || after === null) return violations;
  const items = new Map(
    after.reservedClients.flatMap(({ mac }, index) => {
      const put = entries.get(mac);
      return put === undefined ? [] : [[reservationPath(index), `${PUT_PATH}[${put.index}]`] as const];
    }),
  );
  return violations.map((found) => {
    const { field } = entryOf(found.path);
    const item = [found.path, ...found.involves]
      .map((path) => items.get(entryOf(path).entry))
      .find((put) => put !== undefined);
    return item === undefined || field === '' ? found : { ...found, path: `${item}.${field}` };
  });
}

/** The path of a reservation's field in two: of the reservation, and the field; empty for any other path. */
function entryOf(path: string): { readonly entry: string; readonly field: string } {
  const [, entry = '', field = ''] = /^(dhcp\.reservedClients\[\d+\])\.(\w+)$/.exec(path) ?? [];
  return { entry, field };
}
