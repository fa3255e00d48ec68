import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { pageInfo } from '../../support/page-info.js';

const PAGE = `query ($filter: NetworkDeviceFilter, $first: Int, $after: String, $last: Int, $before: String) {
  networkDeviceConnection(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id } }
    nodes { id name wifi { password } }
  }
}`;

const page = z.object({
  networkDeviceConnection: z.object({
    totalCount: z.int(),
    pageInfo,
    nodes: z.array(z.object({ id: z.string(), name: z.string() })),
  }),
});

describe('lists hold what the viewer reaches and the filter names, in order of id, nothing twice and nothing missing', () => {
  let gateway: TestGateway;
  let reseller: string;
  let customer: string;
  let token: string;
  const ids: string[] = [];

  const read = async (variables: Record<string, unknown>, bearer = token) => {
    const { data, errors } = await gateway.query(PAGE, { token: bearer, variables });
    expect(errors).toEqual([]);
    return page.parse(data).networkDeviceConnection;
  };

  beforeAll(async () => {
    gateway = await startTestGateway();
    reseller = await createCustomer(gateway);
    const sub = await createCustomer(gateway, reseller);
    customer = await createCustomer(gateway, sub);
    for (let index = 0; index < 12; index += 1) {
      const { id } = await createDevice(gateway, {
        customer: index % 3 === 0 ? reseller : customer,
        name: `Device ${index}`,
      });
      ids.push(id);
    }
    ids.sort();
    await createDevice(gateway, { name: 'Of a stranger' });
    token = await gateway.token('RESELLER', reseller);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([1, 5, 12, 500])('walks all devices forwards in pages of %i', async (first) => {
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const { nodes, pageInfo, totalCount } = await read({ first, after });
      seen.push(...nodes.map(({ id }) => id));
      expect(totalCount).toBe(12);
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      if (!pageInfo.hasNextPage) break;
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(ids);
  });

  it.each([1, 5, 12])('walks all devices backwards in pages of %i', async (last) => {
    const seen: string[] = [];
    let before: string | null = null;
    for (;;) {
      const { nodes, pageInfo } = await read({ last, before });
      seen.unshift(...nodes.map(({ id }) => id));
      if (!pageInfo.hasPreviousPage) break;
      before = pageInfo.startCursor;
    }
    expect(seen).toEqual(ids);
  });

  it('an empty page knows whether there is more', async () => {
    const { nodes, pageInfo } = await read({ first: 0 });
    expect(nodes).toEqual([]);
    expect(pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
  });

  it('a cursor stays good when its device is gone and another came before it', async () => {
    const { pageInfo } = await read({ first: 4 });
    const doomed = ids[3] ?? '';
    const { rows } = await gateway.sql.query<{ owner: string }>(
      'DELETE FROM network_device WHERE id = $1 RETURNING customer_id AS owner',
      [doomed],
    );
    const owner = rows[0]?.owner ?? '';
    const added = await createDevice(gateway, { customer, id: '000000000000000000000001', name: 'New' });
    const { nodes } = await read({ first: 500, after: pageInfo.endCursor });
    expect(nodes.map(({ id }) => id)).toEqual(ids.slice(4));
    await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [added.id]);
    await createDevice(gateway, { customer: owner, id: doomed });
  });

  it.each([
    ['first', { first: -1 }],
    ['first', { first: 501 }],
    ['last', { last: -1 }],
    ['last', { last: 501 }],
    ['last', { first: 1, last: 1 }],
    ['after', { after: 'nonsense' }],
    ['before', { before: 'aWQ6eA' }],
  ])('%s is INVALID_VALUE for %j', async (path, variables) => {
    const { errors } = await gateway.query(PAGE, { token, variables });
    expect(errors[0]?.extensions).toMatchObject({
      code: 'INVALID_VALUE',
      rest: { code: 422, message: path },
    });
  });

  it('each level lists what it reads one by one', async () => {
    const names = async (level: Parameters<TestGateway['token']>[0], of: string) =>
      (await read({}, await gateway.token(level, of))).nodes.length;
    expect(await names('VIEWER', customer)).toBe(8);
    expect(await names('OWNER', reseller)).toBe(4);
    expect(await names('RESELLER', customer)).toBe(8);
    expect(await names('RESELLER', newId())).toBe(0);
    expect(await names('RESELLER_ADMIN', newId())).toBe(13);
    expect(await names('ADMIN', newId())).toBe(13);
    const { errors } = await gateway.query(PAGE, { token: await gateway.token('PERSONAL', customer) });
    expect(errors[0]?.extensions.code).toBe('ACCESS_DENIED');
  });

  it('a device that moves to another customer, and a customer that moves to another reseller, change lists at once', async () => {
    const [from, to] = [await createCustomer(gateway), await createCustomer(gateway)];
    const child = await createCustomer(gateway, from);
    const { id } = await createDevice(gateway, { customer: child });
    const listed = async (of: string) =>
      (await read({}, await gateway.token('RESELLER', of))).nodes.map((node) => node.id);
    expect([await listed(from), await listed(to)]).toEqual([[id], []]);
    await gateway.sql.query('UPDATE customer SET parent_reseller_id = $2 WHERE id = $1', [child, to]);
    expect([await listed(from), await listed(to)]).toEqual([[], [id]]);
    await gateway.sql.query('UPDATE network_device SET customer_id = $2 WHERE id = $1', [id, from]);
    expect([await listed(from), await listed(to)]).toEqual([[id], []]);
  });

  describe('filters', () => {
    let own: string;
    let bearer: string;
    const find = async (filter: Record<string, unknown>) =>
      (await read({ filter }, bearer)).nodes.map(({ name }) => name).sort();

    beforeAll(async () => {
      own = await createCustomer(gateway);
      bearer = await gateway.token('MANAGER', own);
      const base = { customer: own };
      await createDevice(gateway, { ...base, name: 'Online 100%', macAddress: 'aabbccddee01' });
      await createDevice(gateway, { ...base, name: 'Offline', status: { online: false, simStatus: '6' } });
      await createDevice(gateway, { ...base, name: 'Leaving', state: 'DELETING', status: null });
    });

    it.each([
      [{}, ['Leaving', 'Offline', 'Online 100%']],
      [{ state: ['DELETING'] }, ['Leaving']],
      [{ state: ['ACTIVE', 'DELETING'] }, ['Leaving', 'Offline', 'Online 100%']],
      [{ state: [] }, []],
      [{ type: [] }, []],
      [{ simStatus: [] }, []],
      [{ state: null, search: null, customer: null }, ['Leaving', 'Offline', 'Online 100%']],
      [{ type: ['ROUTER'] }, ['Leaving', 'Offline', 'Online 100%']],
      [{ type: ['SWITCH'] }, []],
      [{ online: true }, ['Online 100%']],
      [{ online: false }, ['Leaving', 'Offline']],
      [{ simStatus: ['NO_SIM', 'BLOCKED'] }, ['Offline']],
      [{ simStatus: ['READY'], online: true }, ['Online 100%']],
      [{ search: 'ONLINE' }, ['Online 100%']],
      [{ search: '0%' }, ['Online 100%']],
      [{ search: '_' }, []],
      [{ search: 'aa:bb:cc:dd:ee:01' }, ['Online 100%']],
      [{ search: 'AABB.CCDD.EE01' }, ['Online 100%']],
      [{ search: 'BBCCDD' }, ['Online 100%']],
      [{ search: '  ' }, ['Leaving', 'Offline', 'Online 100%']],
      [{ search: 'a\u0000b' }, []],
      [{ search: '\ud800' }, []],
      [{ search: '100% aabb' }, []],
      [{ search: 'o-n-l' }, []],
      [{ customer: 'no id' }, []],
      [{ customer: '52f4fd7734697b28ccaf0001' }, []],
    ])('%j finds %j', async (filter, names) => {
      expect(await find(filter)).toEqual(names);
    });

    it('the customer, in any case, and its name are found too', async () => {
      const all = ['Leaving', 'Offline', 'Online 100%'];
      expect(await find({ customer: own.toUpperCase() })).toEqual(all);
      expect(await find({ search: `customer ${own}` })).toEqual(all);
    });

    it('a state that there is none of is VALUE_NOT_PERMITTED', async () => {
      const { errors } = await gateway.query(PAGE, {
        token: bearer,
        variables: { filter: { state: ['GONE'] } },
      });
      expect(errors[0]?.extensions).toMatchObject({
        code: 'VALUE_NOT_PERMITTED',
        rest: { code: 409, message: 'state' },
      });
    });
  });

  it('passwords are shown to those who may read them and hidden without an error from others', async () => {
    const manager = await gateway.query(PAGE, { token, variables: { first: 1 } });
    const viewer = await gateway.query(PAGE, {
      token: await gateway.token('VIEWER', customer),
      variables: { first: 1 },
    });
    expect(manager.data).toMatchObject({
      networkDeviceConnection: { nodes: [{ wifi: { password: 'JohnConner' } }] },
    });
    expect(viewer.data).toMatchObject({ networkDeviceConnection: { nodes: [{ wifi: { password: null } }] } });
    expect(viewer.errors).toEqual([]);
  });
});
