import type { DeviceOrderField, DevicePlace } from '../../domain/device-order.js';
import type { DevicePageRequest } from '../../domain/page-request.js';
import type { Conditions } from '../database/sql-builder.js';

/** What a list is in the order of: the column, a value of a cursor as the column has it, and the value as a cursor has it. */
const ORDERS = {
  NAME: {
    column: 'd.name COLLATE "und-x-icu"',
    fromCursor: (value: string) => `${value}::text`,
    toCursor: 'd.name',
  },
  UPDATED_AT: {
    column: 'd.updated_at',
    fromCursor: (value: string) => `timestamptz 'epoch' + ${value}::bigint * interval '1 millisecond'`,
    toCursor: '(extract(epoch FROM d.updated_at) * 1000)::bigint::text',
  },
} as const satisfies Record<Exclude<DeviceOrderField, 'ID'>, unknown>;

/** How the rows of a page are ordered. */
export interface PageOrder {
  /** What the order is by; equal values stand in the order of ids. */
  readonly column: string;
  readonly direction: 'ASC' | 'DESC';
  /** @param id the column that holds the device's id */
  readonly orderBy: (id: string) => string;
  /** What the cursor of a device holds beside its id. */
  readonly sortValue: string;
}

/**
 * Puts the places that a page begins and ends at into the conditions.
 * @param keys the columns that hold the device's id
 */
export function orderOf(
  { order, isBackward, after, before }: DevicePageRequest,
  keys: readonly string[],
  where: Conditions,
): PageOrder {
  const [follows, precedes] = order.isDescending ? ['<', '>'] : ['>', '<'];
  const direction = order.isDescending === isBackward ? 'ASC' : 'DESC';
  const bounds: readonly (readonly [string, DevicePlace | null])[] = [
    [follows, after],
    [precedes, before],
  ];
  if (order.field === 'ID') {
    for (const [operator, place] of bounds) {
      // The planner does not conclude from one table to the other, and would read the other from its start.
      if (place !== null) for (const key of keys) where.add(`${key} ${operator} ${where.param(place.id)}`);
    }
    return { column: 'd.id', direction, orderBy: (id) => `${id} ${direction}`, sortValue: 'NULL::text' };
  }
  const { column, fromCursor, toCursor } = ORDERS[order.field];
  for (const [operator, place] of bounds) {
    if (place === null) continue;
    const value = fromCursor(where.param(place.value));
    where.add(`(${column}, d.id) ${operator} (${value}, ${where.param(place.id)})`);
  }
  const orderBy = () => `${column} ${direction}, d.id ${direction}`;
  return { column, direction, orderBy, sortValue: toCursor };
}
