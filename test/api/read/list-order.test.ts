import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { pageInfo } from '../../support/page-info.js';

const PAGE = `query ($filter: NetworkDeviceFilter, $orderBy: NetworkDeviceOrder, $first: Int, $after: String, $last: Int, $before: String) {
  networkDeviceConnection(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id name } }
  }
}`;

const answered = z.object({
  networkDeviceConnection: z.object({
    pageInfo,
    edges: z.array(z.object({ cursor: z.string(), node: z.object({ id: z.string(), name: z.string() }) })),
  }),
});

/** In Unicode's root order, which no byte order and no language of a database has. */
const NAMES = ['1 Router', 'Ålborg', 'alpha', 'Alpha', 'beta', 'beta', 'Öster', 'zeta', 'Zulu', 'Ω'];

const FIELDS = ['ID', 'NAME', 'UPDATED_AT'] as const;
const ORDERS = FIELDS.flatMap((field) =>
  (['ASC', 'DESC'] as const).map((direction) => ({ field, direction })),
);

let gateway: TestGateway;
let token: string;
let reseller: string;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  reseller = await createCustomer(gateway);
  const customer = await createCustomer(gateway, reseller);
  for (const [index, name] of NAMES.toReversed().entries()) {
    await createDevice(gateway, { customer: index % 2 === 0 ? reseller : customer, name });
  }
  // Some were changed in the same millisecond.
  await gateway.sql.query(
    `UPDATE network_device SET updated_at = timestamptz '2026-01-01' + (ascii(right(name, 1)) % 4) * interval '1 ms'`,
  );
  token = await gateway.token('RESELLER', reseller);
});
afterAll(async () => {
  await gateway.stop();
});

async function ask(variables: Record<string, unknown>): Promise<GraphqlAnswer> {
  return await gateway.query(PAGE, { token, variables });
}

async function read(variables: Record<string, unknown>) {
  const { data, errors } = await ask(variables);
  expect(errors).toEqual([]);
  return answered.parse(data).networkDeviceConnection;
}

/** All devices, page by page. */
async function walk(orderBy: object, size: number, isBackward: boolean): Promise<readonly string[]> {
  const seen: string[] = [];
  let cursor: string | null = null;
  for (;;) {
    const place = isBackward ? { last: size, before: cursor } : { first: size, after: cursor };
    const { edges, pageInfo } = await read({ orderBy, ...place });
    const ids = edges.map(({ node }) => node.id);
    if (isBackward) seen.unshift(...ids);
    else seen.push(...ids);
    if (!(isBackward ? pageInfo.hasPreviousPage : pageInfo.hasNextPage)) return seen;
    cursor = isBackward ? pageInfo.startCursor : pageInfo.endCursor;
  }
}

const COLUMNS = { ID: 'id', NAME: 'name COLLATE "und-x-icu"', UPDATED_AT: 'updated_at' };

async function expected({ field, direction }: (typeof ORDERS)[number]): Promise<readonly string[]> {
  const { rows } = await gateway.sql.query<{ id: string }>(
    `SELECT id FROM network_device ORDER BY ${COLUMNS[field]} ${direction}, id ${direction}`,
  );
  return rows.map(({ id }) => id);
}

describe.each(ORDERS)('$field $direction', (orderBy) => {
  it.each([1, 3, 500])('every device once, forwards and backwards, in pages of %i', async (size) => {
    const ids = await expected(orderBy);
    expect(ids).toHaveLength(NAMES.length);
    expect(await walk(orderBy, size, false)).toEqual(ids);
    expect(await walk(orderBy, size, true)).toEqual(ids);
  });

  it('between two cursors, from either end', async () => {
    const ids = await expected(orderBy);
    const { edges } = await read({ orderBy });
    const between = { after: edges[1]?.cursor, before: edges[6]?.cursor };
    const ofEdges = (page: Awaited<ReturnType<typeof read>>) => page.edges.map(({ node }) => node.id);
    expect(ofEdges(await read({ orderBy, ...between }))).toEqual(ids.slice(2, 6));
    expect(ofEdges(await read({ orderBy, ...between, first: 2 }))).toEqual(ids.slice(2, 4));
    expect(ofEdges(await read({ orderBy, ...between, last: 2 }))).toEqual(ids.slice(4, 6));
  });

  it('a cursor of another order is refused, whatever the filter', async () => {
    const { pageInfo } = await read({ orderBy, first: 1 });
    for (const other of ORDERS) {
      const isSame = other.field === orderBy.field && other.direction === orderBy.direction;
      for (const argument of ['after', 'before']) {
        const filter = { online: true };
        const { errors } = await ask({ orderBy: other, filter, [argument]: pageInfo.endCursor });
        if (isSame) expect(errors).toEqual([]);
        else {
          expect(errors).toMatchObject([
            { extensions: { code: 'INVALID_VALUE', rest: { code: 422, message: argument } } },
          ]);
        }
      }
    }
  });
});

it('names stand in the order of Unicode, in any database', async () => {
  const { edges } = await read({ orderBy: { field: 'NAME' } });
  const names = edges.map(({ node }) => node.name);
  expect(names).toEqual([
    '1 Router',
    'Ålborg',
    'alpha',
    'Alpha',
    'beta',
    'beta',
    'Öster',
    'zeta',
    'Zulu',
    'Ω',
  ]);
});

it('absent, null and ID are one order', async () => {
  const { edges } = await read({ first: 3 });
  expect(await read({ first: 3, orderBy: null })).toMatchObject({ edges });
  expect(await read({ first: 3, orderBy: { field: 'ID' } })).toMatchObject({ edges });
});

it.each([
  'name:',
  'name:12345678901234567890abcd',
  'updated_at:12345678901234567890abcd:x',
  'x'.repeat(2_000),
])('no cursor: %s', async (text) => {
  const after = Buffer.from(text).toString('base64url');
  for (const field of FIELDS) {
    const { errors } = await ask({ orderBy: { field }, after });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_VALUE', rest: { message: 'after' } } }]);
  }
});
