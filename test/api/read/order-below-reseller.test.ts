import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { planOf } from '../../support/large-fleet.js';
import { blocksOf, spyOnStatements } from '../../support/statements.js';
import { pageInfo } from '../../support/page-info.js';

/** Resellers: one of few customers, one with a third of all devices, one whose devices stand behind all others in every order. */
const FEW = 'fa'.repeat(12);
const MANY = 'fb'.repeat(12);
const LAST = 'fc'.repeat(12);
const OTHERS = 'fd'.repeat(12);
const MODEL = 'ab'.repeat(12);

/** Devices of others, which come before those of `LAST` and are more than those of `FEW`. */
const others = (from: number, to: number) => `
  INSERT INTO network_device (id, customer_id, model_id, name, mac_address, updated_at)
  SELECT left(md5('other ' || n), 24), '${OTHERS}', '${MODEL}', 'M' || n, lpad(to_hex(n), 12, '0'),
    timestamptz '2026-01-01' + n * interval '1 second'
  FROM generate_series(${from}, ${to}) n`;

/** A reseller and its devices, whose names and times repeat, so that ids decide too. */
const devices = (reseller: string, customers: number, count: number, name: string, at: string) => `
  INSERT INTO customer (id, name, ancestor_ids) VALUES ('${reseller}', 'Reseller', '{${reseller}}');
  INSERT INTO customer (id, name, parent_reseller_id, ancestor_ids)
  SELECT id, 'Customer', '${reseller}', ARRAY['${reseller}', id]
  FROM (SELECT left(md5('${reseller}' || n), 24) AS id FROM generate_series(1, ${customers}) n) c;
  INSERT INTO network_device (id, customer_id, model_id, name, mac_address, updated_at)
  SELECT left(md5('${reseller} device ' || n), 24), left(md5('${reseller}' || 1 + n % ${customers}), 24), '${MODEL}',
    '${name}' || n / 3, 'f' || left(md5('${reseller}' || n), 11), timestamptz '${at}' + n / 3 * interval '1 second'
  FROM generate_series(1, ${count}) n;
  INSERT INTO device_reach (ancestor_id, device_id)
  SELECT '${reseller}', id FROM network_device WHERE customer_id IN (SELECT id FROM customer WHERE parent_reseller_id = '${reseller}')`;

const FLEET = [
  'SET session_replication_role = replica',
  `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
   VALUES ('${MODEL}', 'Model', 'ROUTER', true, true, true, true, true)`,
  `INSERT INTO customer (id, name, ancestor_ids) VALUES ('${OTHERS}', 'Others', '{${OTHERS}}')`,
  others(1, 5_000),
  devices(FEW, 5, 400, 'M', '2026-01-01'),
  devices(MANY, 600, 3_000, 'M', '2026-01-01'),
  devices(LAST, 600, 1_200, 'Z', '2026-06-01'),
  'SET session_replication_role = origin',
].join(';');

const PAGE = `query ($orderBy: NetworkDeviceOrder, $first: Int, $after: String, $last: Int, $before: String, $filter: NetworkDeviceFilter) {
  networkDeviceConnection(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id }
  }
}`;

const answered = z.object({
  networkDeviceConnection: z.object({
    pageInfo,
    nodes: z.array(z.object({ id: z.string() })),
  }),
});

const COLUMNS = { NAME: 'name COLLATE "und-x-icu"', UPDATED_AT: 'updated_at' };
const ORDERS = (['NAME', 'UPDATED_AT'] as const).flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
);
const RESELLERS = [
  ['few customers', FEW],
  ['a third of all', MANY],
  ['behind all others', LAST],
] as const;
/** With a filter, devices are found in another way; it fits all of them. Those of `FEW` are few enough to be sorted. */
const WITH_AND_WITHOUT = RESELLERS.flatMap(([title, reseller]) => [
  { title, reseller, filter: undefined },
  { title: `${title}, with a filter`, reseller, filter: { hasMvnoAccount: false } },
]);

let gateway: TestGateway;
const spy = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  await gateway.sql.query(FLEET);
  await gateway.sql.query('VACUUM ANALYZE');
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

async function read(reseller: string, variables: Record<string, unknown>) {
  const token = await gateway.token('RESELLER', reseller);
  const { data, errors } = await gateway.query(PAGE, { token, variables });
  expect(errors).toEqual([]);
  return answered.parse(data).networkDeviceConnection;
}

/** How many pages of the database the statement of a page looks at. */
async function blocksOfPage(reseller: string, variables: Record<string, unknown>): Promise<number> {
  spy.clear();
  await read(reseller, variables);
  const [{ text, values } = { text: '', values: [] }] = spy.statements();
  return (await planOf(gateway, text, values))['Shared Hit Blocks'];
}

describe.each(WITH_AND_WITHOUT)('a reseller: $title', ({ reseller, filter }) => {
  it.each(ORDERS)('every device once in order of $field $direction, in both directions', async (orderBy) => {
    const { field, direction } = orderBy;
    const { rows } = await gateway.sql.query<{ id: string }>(
      `SELECT d.id FROM network_device d JOIN device_reach r ON r.device_id = d.id WHERE r.ancestor_id = $1
       ORDER BY d.${COLUMNS[field]} ${direction}, d.id ${direction}`,
      [reseller],
    );
    const ids = rows.map(({ id }) => id);
    const [forwards, backwards]: [string[], string[]] = [[], []];
    let [after, before]: (string | null)[] = [null, null];
    for (let page = 0; page * 250 < ids.length; page += 1) {
      const next = await read(reseller, { orderBy, filter, first: 250, after });
      const previous = await read(reseller, { orderBy, filter, last: 250, before });
      forwards.push(...next.nodes.map(({ id }) => id));
      backwards.unshift(...previous.nodes.map(({ id }) => id));
      const isLast = (page + 1) * 250 >= ids.length;
      expect([next.pageInfo.hasNextPage, previous.pageInfo.hasPreviousPage]).toEqual([!isLast, !isLast]);
      [after, before] = [next.pageInfo.endCursor, previous.pageInfo.startCursor];
    }
    expect(forwards).toEqual(ids);
    expect(backwards).toEqual(ids);
    expect((await read(reseller, { orderBy, filter, first: 10, after })).nodes).toEqual([]);
    const places = [7, 20].map(
      async (first) => (await read(reseller, { orderBy, filter, first })).pageInfo.endCursor,
    );
    const [start, end] = await Promise.all(places);
    for (const size of [{ first: 100 }, { last: 100 }]) {
      const between = await read(reseller, { orderBy, filter, ...size, after: start, before: end });
      expect(between.nodes.map(({ id }) => id)).toEqual(ids.slice(7, 19));
    }
  });
});

describe('a filter that many devices of others fit, and none of the reseller', () => {
  const blocksOfLast = async (): Promise<number> => await blocksOf(gateway.sql, spy.statements().at(-1));

  it('is found to be so without a walk through those of others, by pages and counts', async () => {
    await gateway.sql.query(
      `UPDATE network_device SET mvno_account = repeat('a', 24) WHERE customer_id = '${OTHERS}'`,
    );
    await gateway.sql.query('VACUUM ANALYZE');
    const filter = { hasMvnoAccount: true };
    for (const orderBy of ORDERS)
      for (const size of [{ first: 100 }, { last: 100 }]) {
        expect((await read(LAST, { orderBy, filter, ...size })).nodes).toEqual([]);
        expect(await blocksOfLast(), JSON.stringify({ orderBy, size })).toBeLessThan(1_000);
      }
    const token = await gateway.token('RESELLER', LAST);
    const counts = 'query ($filter: NetworkDeviceFilter) { networkDeviceCounts(filter: $filter) { total } }';
    const { data } = await gateway.query(counts, { token, variables: { filter } });
    expect(data).toEqual({ networkDeviceCounts: { total: 0 } });
    expect(await blocksOfLast()).toBeLessThan(1_000);
  });
});

describe('what a page costs does not depend on how many devices others have', () => {
  it('at either end, in every order', async () => {
    const costs = async (reseller: string): Promise<readonly number[]> => {
      const blocks = [];
      for (const orderBy of ORDERS)
        for (const size of [{ first: 100 }, { last: 100 }])
          blocks.push(await blocksOfPage(reseller, { orderBy, ...size }));
      return blocks;
    };
    // Whose devices are many among all finds them in the order of all.
    expect(Math.min(...(await costs(MANY)))).toBeLessThan(1_500);
    await gateway.sql.query(
      `SET session_replication_role = replica; ${others(5_001, 40_000)}; SET session_replication_role = origin`,
    );
    await gateway.sql.query('VACUUM ANALYZE');
    expect(Math.max(...(await costs(FEW)))).toBeLessThan(2_000);
    // At most 2,000 devices of all, and the first one of each of 600 customers: three or four blocks for each.
    for (const reseller of [MANY, LAST]) expect(Math.max(...(await costs(reseller)))).toBeLessThan(13_000);
  });
});
