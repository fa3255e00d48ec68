import type { DeviceCounts } from '../../domain/device-counts.js';
import type { DeviceOrderField, DevicePlace } from '../../domain/device-order.js';
import type { DevicePageRequest } from '../../domain/page-request.js';
import type { DeviceSelection } from '../../domain/device-selection.js';
import type { Reach } from '../../domain/reach.js';
import type { Database, RawRow, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { Conditions, unseenText, unsizedIds } from '../database/sql-builder.js';
import type { StoredDeviceOrError } from '../rows/device-row.js';
import { type DeviceFilter, deviceSource } from './device-filter.js';
import { type ListShape, listShapes, textVariants } from './list-shapes.js';
import { customerOf, reachedId } from './reach.js';

/** A device of a list and its place in the list's order. */
interface FoundOnPage {
  readonly place: DevicePlace;
  readonly device: StoredDeviceOrError;
}

/** Lists of devices; the reach is part of every statement, and nothing is read of a device but what is selected. */
export interface DeviceLists {
  readonly findMany: (
    reach: Reach,
    ids: readonly string[],
    selection: DeviceSelection,
  ) => Promise<readonly StoredDeviceOrError[]>;
  /** Devices in the order of the page, one more than its limit when there are more. */
  readonly page: (
    reach: Reach,
    filter: DeviceFilter,
    page: DevicePageRequest,
    selection: DeviceSelection,
  ) => Promise<readonly FoundOnPage[]>;
  readonly count: (reach: Reach, filter: DeviceFilter) => Promise<number>;
  readonly counts: (reach: Reach, filter: DeviceFilter) => Promise<DeviceCounts>;
}

/** Maximum number of devices that counts look at. */
const MAX_COUNTED = 100_000;

/** All devices come as one value: a driver takes longer over a hundred rows, and holds what it has read of them meanwhile. */
const listById = ({ value, joins, variant }: ListShape): Statement => ({
  name: 'list-by-id',
  variant,
  text: `SELECT json_agg(${value}) AS devices FROM unnest(${unsizedIds('$1')}) AS wanted(id)
    JOIN network_device d ON d.id = ${reachedId(unseenText('$2'), unseenText('$3'), 'wanted.id')} ${joins}`,
  onLostConnection: 'nothing-written',
});

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

/** The lists of this database. */
export function deviceLists({ run }: Database): DeviceLists {
  const shapeOf = listShapes();
  const variantOf = textVariants();
  return {
    findMany: async (reach, ids, selection) => {
      const shape = shapeOf(selection);
      const rows = await run(listById(shape), [ids, reach.kind, customerOf(reach)]);
      return devicesIn(rows).map(shape.read);
    },
    page: async (reach, filter, page, selection) => {
      const { value, joins, read } = shapeOf(selection);
      const where = new Conditions();
      const { tables, keys } = await deviceSource(run, reach, filter, where);
      const isFalling = page.order.isDescending !== page.isBackward;
      const { orderBy, sortValue } = orderOf(page, keys, isFalling, where);
      // The ids are found first, by indexes alone where that is possible; only the page itself is read in full.
      const text = `WITH page AS MATERIALIZED (
          SELECT d.id FROM ${tables} WHERE ${where.toString()}
          ORDER BY ${orderBy(keys[0])} LIMIT ${page.limit + 1}
        )
        SELECT json_agg(listed.entry) AS devices FROM (
          SELECT json_build_array(d.id, ${sortValue}, ${value}) AS entry FROM network_device d ${joins} JOIN page ON page.id = d.id
          ORDER BY ${orderBy('d.id')}
        ) listed`;
      // One plan is as good as another where an index gives the order and nothing else decides. Elsewhere it depends on the values.
      const variant = isPlain(filter, page) ? variantOf(text) : undefined;
      const name = variant === undefined ? {} : { name: 'list-page', variant };
      const rows = await run({ ...name, text, onLostConnection: 'nothing-written' }, where.values);
      return devicesIn(rows).map((entry) => toFound(entry, read));
    },
    count: async (reach, filter) => {
      const where = new Conditions();
      const { tables } = await deviceSource(run, reach, filter, where);
      const text = `SELECT count(*)::integer AS total FROM ${tables} WHERE ${where.toString()}`;
      const [row] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return row === undefined ? 0 : RowReader.of(row).int('total');
    },
    counts: async (reach, filter) => {
      const where = new Conditions();
      const { tables } = await deviceSource(run, reach, filter, where, true);
      const [row = {}] = await run(
        { text: countsText(tables, where), onLostConnection: 'nothing-written' },
        where.values,
      );
      return toCounts(row);
    },
  };
}

/** Whether a page is one of all devices within reach, in the order of their ids. */
function isPlain(filter: DeviceFilter, { order }: DevicePageRequest): boolean {
  return order.field === 'ID' && Object.values(filter).every((value) => value === undefined);
}

interface PageOrder {
  /** @param id the column that holds the device's id */
  readonly orderBy: (id: string) => string;
  /** What the cursor of a device holds beside its id. */
  readonly sortValue: string;
}

/** Puts the places that a page begins and ends at into the conditions. */
function orderOf(
  { order, after, before }: DevicePageRequest,
  keys: readonly string[],
  isFalling: boolean,
  where: Conditions,
): PageOrder {
  const [follows, precedes] = order.isDescending ? ['<', '>'] : ['>', '<'];
  const direction = isFalling ? 'DESC' : 'ASC';
  const bounds: readonly (readonly [string, DevicePlace | null])[] = [
    [follows, after],
    [precedes, before],
  ];
  if (order.field === 'ID') {
    for (const [operator, place] of bounds) {
      // The planner does not conclude from one table to the other, and would read the other from its start.
      if (place !== null) for (const key of keys) where.add(`${key} ${operator} ${where.param(place.id)}`);
    }
    return { orderBy: (id) => `${id} ${direction}`, sortValue: 'NULL::text' };
  }
  const { column, fromCursor, toCursor } = ORDERS[order.field];
  for (const [operator, place] of bounds) {
    if (place === null) continue;
    const value = fromCursor(where.param(place.value));
    where.add(`(${column}, d.id) ${operator} (${value}, ${where.param(place.id)})`);
  }
  return { orderBy: () => `${column} ${direction}, d.id ${direction}`, sortValue: toCursor };
}

/** The entries of a list that came as one value; there is none where it is empty. */
function devicesIn([row]: readonly RawRow[]): readonly unknown[] {
  const list = row && RowReader.of(row);
  return list?.exists('devices') === true ? list.list('devices') : [];
}

const placeOf = RowReader.forColumns(['id', 'sort_value', 'device']);

function toFound(entry: unknown, read: ListShape['read']): FoundOnPage {
  const row = placeOf(entry);
  return {
    place: { id: row.text('id'), value: row.textOrNull('sort_value') },
    device: read(row.list('device')),
  };
}

/** One device more than are counted tells that there are more. */
function countsText(tables: string, where: Conditions): string {
  const count = (condition: string): string =>
    `count(*) FILTER (WHERE place <= ${MAX_COUNTED} AND ${condition})::integer`;
  return `SELECT count(*) > ${MAX_COUNTED} AS is_capped, ${count('TRUE')} AS total, ${count('online IS TRUE')} AS online,
      ${count(`state = 'PROVISIONING'`)} AS provisioning, ${count(`state = 'DELETING'`)} AS deleting,
      ${count(`state = 'ACTIVE' AND provisioned IS FALSE`)} AS not_provisioned
    FROM (
      SELECT row_number() OVER () AS place, s.online, d.state, d.provisioned
      FROM ${tables} WHERE ${where.toString()} LIMIT ${MAX_COUNTED + 1}
    ) fitting`;
}

function toCounts(raw: RawRow): DeviceCounts {
  const row = RowReader.of(raw);
  return {
    isCapped: row.flag('is_capped'),
    total: row.int('total'),
    online: row.int('online'),
    provisioning: row.int('provisioning'),
    deleting: row.int('deleting'),
    notProvisioned: row.int('not_provisioned'),
  };
}
