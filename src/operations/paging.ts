import { type DeviceOrder, type DevicePlace, ORDER_OF_IDS } from '../domain/device-order.js';
import type { DevicePageRequest, PageRequest } from '../domain/page-request.js';
import { parseId } from '../domain/id.js';
import { inputError } from '../errors/gateway-error.js';

/** What a client asks a connection for (Relay's connection arguments). */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Records in the order of a connection, and whether there are more on either side. */
export interface Page<T> {
  readonly nodes: readonly T[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** How many records a page holds at most, and when nobody says how many. */
export const MAX_PAGE = 500;
export const DEFAULT_PAGE = 100;

/** Maximum length of a cursor. The longest holds a name of 100 characters. */
const MAX_CURSOR = 1_000;

/**
 * Reads connection arguments.
 * @throws INVALID_VALUE with the argument's name as path
 */
export function pageRequest(page: PageArguments): PageRequest {
  const { after, before, ...size } = devicePageRequest(page, ORDER_OF_IDS);
  return {
    limit: size.limit,
    isBackward: size.isBackward,
    after: after?.id ?? null,
    before: before?.id ?? null,
  };
}

/** The same for devices in an order, which their cursors belong to. */
export function devicePageRequest(
  { first, after, last, before }: PageArguments,
  order: DeviceOrder,
): DevicePageRequest {
  const isBackward = last !== undefined && last !== null;
  if (isBackward && first !== undefined && first !== null)
    throw error('last', 'Give first or last, not both.');
  return {
    order,
    limit: isBackward ? size('last', last) : size('first', first ?? DEFAULT_PAGE),
    isBackward,
    after: readCursor('after', after, order),
    before: readCursor('before', before, order),
  };
}

/**
 * Makes a page of the records that a store found.
 * @param found in the order of the request, one more than its limit when there are more
 */
export function toPage<T>(
  request: Pick<PageRequest | DevicePageRequest, 'limit' | 'isBackward' | 'after' | 'before'>,
  found: readonly T[],
): Page<T> {
  const hasMore = found.length > request.limit;
  const taken = found.slice(0, request.limit);
  return request.isBackward
    ? { nodes: taken.toReversed(), hasNextPage: request.before !== null, hasPreviousPage: hasMore }
    : { nodes: taken, hasNextPage: hasMore, hasPreviousPage: request.after !== null };
}

/** The opaque cursor of a record in order of id. It stays good whatever is written meanwhile. */
export function cursorOf(id: string): string {
  return deviceCursorOf({ id, value: null }, ORDER_OF_IDS);
}

/** The opaque cursor of a device in an order. It holds the device's place, so it stays good whatever is written meanwhile. */
export function deviceCursorOf({ id, value }: DevicePlace, order: DeviceOrder): string {
  return Buffer.from(`${prefixOf(order)}${id}${value === null ? '' : `:${value}`}`).toString('base64url');
}

/** Names an order, so that a cursor of another one is known. */
function prefixOf({ field, isDescending }: DeviceOrder): string {
  return `${field.toLowerCase()}${isDescending ? '-' : ''}:`;
}

function size(argument: string, value: number): number {
  if (value >= 0 && value <= MAX_PAGE) return value;
  throw error(argument, `From 0 to ${MAX_PAGE}.`);
}

function readCursor(
  argument: string,
  cursor: string | null | undefined,
  order: DeviceOrder,
): DevicePlace | null {
  if (cursor === undefined || cursor === null) return null;
  const place = cursor.length > MAX_CURSOR ? undefined : placeIn(cursor, order);
  if (place === undefined) throw error(argument, 'Not a cursor of this connection in this order.');
  return place;
}

function placeIn(cursor: string, order: DeviceOrder): DevicePlace | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const prefix = prefixOf(order);
  if (!text.startsWith(prefix)) return undefined;
  const [, idText = '', value] = /^([^:]*)(?::(.*))?$/s.exec(text.slice(prefix.length)) ?? [];
  const id = parseId(idText);
  if (id === undefined || !isValueOf(order, value)) return undefined;
  return { id, value: value ?? null };
}

/** Whether a text can be the value of a place; what is no value would fail in the statement. */
function isValueOf({ field }: DeviceOrder, value: string | undefined): boolean {
  switch (field) {
    case 'ID':
      return value === undefined;
    case 'NAME':
      return value !== undefined && !value.includes('\0');
    case 'UPDATED_AT':
      return value !== undefined && /^\d{1,14}$/.test(value);
  }
}

function error(path: string, message: string) {
  return inputError([{ path, code: 'INVALID_VALUE', message }]);
}
