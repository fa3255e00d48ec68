import type { DeviceCounts } from '../../domain/device-counts.js';
import type { DevicePlace } from '../../domain/device-order.js';
import type { DevicePageRequest } from '../../domain/page-request.js';
import type { DeviceSelection } from '../../domain/device-selection.js';
import type { Reach } from '../../domain/reach.js';
import { taken } from '../../domain/taken.js';
import type { Database, RawRow, RunStatement, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { Conditions, unseenText, unsizedIds } from '../database/sql-builder.js';
import type { StoredDeviceOrError } from '../rows/device-row.js';
import { belowInOrder } from './below-in-order.js';
import { type DeviceFilter, type DeviceSource, deviceSource, isWhole } from './device-filter.js';
import { type FewBelow, fewBelow, mayBeFewBelow } from './few-below.js';
import { type ListShape, listShapes, textVariants } from './list-shapes.js';
import { orderOf, type PageOrder } from './page-order.js';
import { customerOf, reachedId } from './reach.js';

/** A device of a list and its place in the list's order. */
interface FoundOnPage {
  readonly place: DevicePlace;
  readonly device: StoredDeviceOrError;
}

/** Lists of devices; reach is part of every statement, and nothing is read of a device but what is selected. */
export interface DeviceLists {
  readonly findMany: (
    reach: Reach,
    ids: readonly string[],
    selection: DeviceSelection,
  ) => Promise<StoredDeviceOrError[]>;
  /** Devices in the order of the page, one more than its limit when there are more. */
  readonly page: (
    reach: Reach,
    filter: DeviceFilter,
    page: DevicePageRequest,
    selection: DeviceSelection,
  ) => Promise<FoundOnPage[]>;
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
      const { ids, orderBy, sortValue, values } = await idsOfPage(run, reach, filter, page);
      // The ids are found first, by indexes alone where that is possible; only the page itself is read in full.
      const text = `WITH page AS MATERIALIZED (${ids})
        SELECT json_agg(listed.entry) AS devices FROM (
          SELECT json_build_array(d.id, ${sortValue}, ${value}) AS entry FROM network_device d ${joins} JOIN page ON page.id = d.id
          ORDER BY ${orderBy('d.id')}
        ) listed`;
      // One plan is as good as another where an index gives the order and nothing else decides. Elsewhere it depends on the values.
      const variant = isWhole(filter) ? variantOf(text) : undefined;
      const name = variant === undefined ? {} : { name: 'list-page', variant };
      const rows = await run({ ...name, text, onLostConnection: 'nothing-written' }, values);
      return devicesIn(rows).map((entry) => toFound(entry, read));
    },
    count: async (reach, filter) => {
      const where = new Conditions();
      const source = await deviceSource(run, reach, filter, where);
      const all = `SELECT count(*)::integer AS total FROM ${source.tables} WHERE ${where.toString()}`;
      const text = mayBeFewBelow(reach, filter) ? countText(all, fewBelow(source, where.toString())) : all;
      const [row] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return row === undefined ? 0 : RowReader.of(row).int('total');
    },
    counts: async (reach, filter) => {
      const where = new Conditions();
      const source = await deviceSource(run, reach, filter, where, true);
      const few = mayBeFewBelow(reach, filter) ? fewBelow(source, where.toString()) : undefined;
      const text = countsText(source, where, few);
      const [row = {}] = await run({ text, onLostConnection: 'nothing-written' }, where.values);
      return toCounts(row);
    },
  };
}

interface IdsOfPage extends PageOrder {
  /** Selects the ids of the page, and of the device after it. */
  readonly ids: string;
  readonly values: readonly unknown[];
}

async function idsOfPage(
  run: RunStatement,
  reach: Reach,
  filter: DeviceFilter,
  page: DevicePageRequest,
): Promise<IdsOfPage> {
  const where = new Conditions();
  const limit = page.limit + 1;
  if (reach.kind === 'below' && page.order.field !== 'ID' && isWhole(filter)) {
    const order = orderOf(page, [], where);
    const reseller = where.param(reach.customerId);
    const ids = belowInOrder({ ...order, reseller, bounds: where.toString(), limit });
    return { ...order, ids, values: where.values };
  }
  const source = await deviceSource(run, reach, filter, where);
  // The order adds the bounds of the page.
  const fits = where.toString();
  const order = orderOf(page, source.keys, where);
  const { column, direction, orderBy } = order;
  const inOrder = (what: string, condition = ''): string =>
    `SELECT ${what} FROM ${source.tables} WHERE ${condition}${where.toString()} ORDER BY ${orderBy(source.keys[0])} LIMIT ${limit}`;
  if (page.order.field === 'ID' || !mayBeFewBelow(reach, filter))
    return { ...order, ids: inOrder('d.id'), values: where.values };
  const { look, fewOrAll } = fewBelow(source, fits);
  const found = fewOrAll((condition) => inOrder(`d.id, ${column} AS place`, `${condition} AND `));
  const ids = `WITH ${look} SELECT found.id FROM (${found}) found ORDER BY place ${direction}, found.id ${direction} LIMIT ${limit}`;
  return { ...order, ids, values: where.values };
}

/** Takes the entries of a list that came as one value; there is none where it is empty. */
function devicesIn(rows: RawRow[]): readonly unknown[] {
  const [row] = taken(rows);
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

const countText = (all: string, { look, areFew }: FewBelow): string =>
  `WITH ${look} SELECT CASE WHEN ${areFew} THEN (SELECT count(*)::integer FROM first) ELSE (${all}) END AS total`;

/** One device more than are counted shows that there are more. */
function countsText({ tables }: DeviceSource, where: Conditions, few: FewBelow | undefined): string {
  const count = (condition: string): string =>
    `count(*) FILTER (WHERE place <= ${MAX_COUNTED} AND ${condition})::integer`;
  const counted = (condition = ''): string =>
    `SELECT s.online, d.state, d.provisioned FROM ${tables} WHERE ${condition}${where.toString()} LIMIT ${MAX_COUNTED + 1}`;
  const fitting = few?.fewOrAll((condition) => counted(`${condition} AND `)) ?? counted();
  return `${few === undefined ? '' : `WITH ${few.look}`}
    SELECT count(*) > ${MAX_COUNTED} AS is_capped, ${count('TRUE')} AS total, ${count('online IS TRUE')} AS online,
      ${count(`state = 'PROVISIONING'`)} AS provisioning, ${count(`state = 'DELETING'`)} AS deleting,
      ${count(`state = 'ACTIVE' AND provisioned IS FALSE`)} AS not_provisioned
    FROM (SELECT row_number() OVER () AS place, * FROM (${fitting}) one) fitting`;
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
