import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { pageInfo } from '../../support/page-info.js';

const PAGE = `query ($first: Int, $after: String, $last: Int, $before: String) {
  customerConnection(first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id }
  }
}`;
const ONE = 'query ($id: ID!) { customer(id: $id) { id name } }';

const page = z.object({
  customerConnection: z.object({
    totalCount: z.int(),
    pageInfo,
    nodes: z.array(z.object({ id: z.string() })),
  }),
});

let gateway: TestGateway;
let reseller: string;
let token: string;
/** The customers of the reseller and itself, in order of id. */
let ids: readonly string[];
beforeAll(async () => {
  gateway = await startTestGateway();
  reseller = await createCustomer(gateway);
  const below = await Promise.all(
    Array.from({ length: 4 }, async () => await createCustomer(gateway, reseller)),
  );
  ids = [reseller, ...below].toSorted();
  await createCustomer(gateway);
  token = await gateway.token('RESELLER', reseller);
});
afterAll(async () => {
  await gateway.stop();
});

async function read(variables: Record<string, unknown>, bearer = token) {
  const { data, errors } = await gateway.query(PAGE, { token: bearer, variables });
  expect(errors).toEqual([]);
  return page.parse(data).customerConnection;
}

describe('customerConnection holds the customers within reach, in order of id, nothing twice and nothing missing', () => {
  it.each([1, 2, 5])('forwards in pages of %i', async (first) => {
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const { nodes, pageInfo: info, totalCount } = await read({ first, after });
      seen.push(...nodes.map(({ id }) => id));
      expect(totalCount).toBe(5);
      expect(info.hasPreviousPage).toBe(after !== null);
      if (!info.hasNextPage) break;
      after = info.endCursor;
    }
    expect(seen).toEqual(ids);
  });

  it.each([1, 2, 5])('backwards in pages of %i', async (last) => {
    const seen: string[] = [];
    for (let before: string | null = null; ;) {
      const { nodes, pageInfo: info } = await read({ last, before });
      seen.unshift(...nodes.map(({ id }) => id));
      expect(info.hasNextPage).toBe(before !== null);
      if (!info.hasPreviousPage) break;
      before = info.startCursor;
    }
    expect(seen).toEqual(ids);
  });

  it('100 of them where nobody says how many', async () => {
    const top = await createCustomer(gateway);
    await gateway.sql.query(
      `INSERT INTO customer (id, name, parent_reseller_id)
       SELECT 'f' || lpad(n::text, 23, '0'), 'Many ' || n, $1 FROM generate_series(1, 100) n`,
      [top],
    );
    const { nodes, pageInfo: info } = await read({}, await gateway.token('RESELLER', top));
    expect([nodes.length, info.hasNextPage]).toEqual([100, true]);
  });

  it.each([
    ['first', { first: -1 }],
    ['first', { first: 501 }],
    ['last', { last: 501 }],
    ['last', { first: 1, last: 1 }],
    ['after', { after: 'nonsense' }],
    ['before', { before: 'aWQ6eA' }],
  ])('%s is INVALID_VALUE for %j', async (path, variables) => {
    const { data, errors } = await gateway.query(PAGE, { token, variables });
    expect(data).toEqual({ customerConnection: null });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_VALUE', rest: { message: path } } }]);
  });
});

describe('customer', () => {
  it('is found within reach', async () => {
    const { data } = await gateway.query(ONE, { token, variables: { id: ids[1]?.toUpperCase() } });
    expect(data).toMatchObject({ customer: { id: ids[1] } });
  });

  it('out of reach, missing or no id: ACCESS_DENIED, and NOT_FOUND to ADMIN for what is not there', async () => {
    const owner = await gateway.token('OWNER', reseller);
    const admin = await gateway.token('ADMIN', reseller);
    const codeOf = async (bearer: string, id: string): Promise<unknown> =>
      (await gateway.query(ONE, { token: bearer, variables: { id } })).errors[0]?.extensions.code;
    const foreign = await createCustomer(gateway);
    for (const id of [foreign, newId(), 'no id']) expect(await codeOf(owner, id)).toBe('ACCESS_DENIED');
    expect(await codeOf(admin, foreign)).toBeUndefined();
    for (const id of [newId(), 'no id']) expect(await codeOf(admin, id)).toBe('NOT_FOUND');
  });
});
