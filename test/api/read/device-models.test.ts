import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

const CUSTOMER = '12345678901234567890cccc';
const ROUTER = '12345678901234567890aaaa';
const TRIBAND = '12345678901234567890aaab';
const SWITCH = '12345678901234567890aaac';
const BATCH = 'query ($ids: [ID!]) { deviceModels(ids: $ids) { id } }';

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const demo = new URL('../../../prisma/demo-fleet.json', import.meta.url);
  await gateway.importFleet(JSON.parse(await readFile(demo, 'utf8')));
  token = await gateway.token('VIEWER', CUSTOMER);
});
afterAll(async () => {
  await gateway.stop();
});

const entries = (ids: readonly (string | null)[]) => ids.map((id) => id && { id });

describe('deviceModel', () => {
  it('returns every field of a model', async () => {
    const { data, errors } = await gateway.query(
      `query ($id: ID!) { deviceModel(id: $id) {
        id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport } } }`,
      { token, variables: { id: ROUTER.toUpperCase() } },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      deviceModel: {
        id: ROUTER,
        name: 'NX-510',
        type: 'ROUTER',
        brand: 'TP-LINK',
        description: '5G router with 2.4/5GHz wifi and 3 ethernet ports',
        picture: '12345678901234567890bbbb',
        capabilities: { wifi: true, wifi2G: true, wifi5G: true, wifi6G: false, simSupport: true },
      },
    });
  });

  it.each(['no-id', newId()])('%s is ACCESS_DENIED to all but ADMIN, and NOT_FOUND to ADMIN', async (id) => {
    const query = 'query ($id: ID!) { deviceModel(id: $id) { id } }';
    const denied = await gateway.query(query, { token, variables: { id } });
    expect(denied.data).toEqual({ deviceModel: null });
    expect(denied.errors).toMatchObject([{ path: ['deviceModel'], extensions: { code: 'ACCESS_DENIED' } }]);
    const admin = await gateway.token('ADMIN', CUSTOMER);
    const { errors } = await gateway.query(query, { token: admin, variables: { id } });
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', rest: { code: 404, message: 'id' } } }]);
  });
});

describe('deviceModels answers a batch in its own length and order, null where there is none', () => {
  it.each<[string, readonly string[], readonly (string | null)[]]>([
    ['in the order asked for', [SWITCH, ROUTER, TRIBAND], [SWITCH, ROUTER, TRIBAND]],
    ['null for a missing one', [ROUTER, newId(), SWITCH], [ROUTER, null, SWITCH]],
    ['the same one twice', [ROUTER, SWITCH, ROUTER], [ROUTER, SWITCH, ROUTER]],
    ['null for what is no id', ['no-id', ROUTER, ''], [null, ROUTER, null]],
    ['ids in upper case', [ROUTER.toUpperCase(), ROUTER], [ROUTER, ROUTER]],
    ['nothing for nothing', [], []],
    ['only missing ones', [newId()], [null]],
  ])('%s', async (_, ids, expected) => {
    const { data, errors } = await gateway.query(BATCH, { token, variables: { ids } });
    expect(errors).toEqual([]);
    expect(data).toEqual({ deviceModels: entries(expected) });
  });

  it.each([
    ['absent', {}],
    ['null', { ids: null }],
  ])('with ids %s all models, in order of id', async (_, variables) => {
    const { data } = await gateway.query(BATCH, { token, variables });
    const { rows } = await gateway.sql.query<{ id: string }>('SELECT id FROM device_model ORDER BY id');
    expect(rows.length).toBeGreaterThan(3);
    expect(data).toEqual({ deviceModels: rows });
  });

  it('1,000 ids are answered, one more is INVALID_VALUE at ids', async () => {
    const ids = Array.from({ length: 1_000 }, (_, index) => (index === 999 ? ROUTER : newId()));
    const { data, errors } = await gateway.query(BATCH, { token, variables: { ids } });
    expect(errors).toEqual([]);
    expect(data).toEqual({ deviceModels: entries([...Array.from({ length: 999 }, () => null), ROUTER]) });
    const refused = await gateway.query(BATCH, { token, variables: { ids: [...ids, ROUTER] } });
    expect(refused.status).toBe(200);
    expect(refused.data).toEqual({ deviceModels: null });
    const rest = { code: 422, message: 'ids' };
    expect(refused.errors).toMatchObject([
      {
        path: ['deviceModels'],
        extensions: {
          code: 'INVALID_VALUE',
          rest,
          violations: [{ path: 'ids', code: 'INVALID_VALUE', rest }],
        },
      },
    ]);
  });

  it('without ids at most 500', async () => {
    await gateway.sql.query(
      `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
       SELECT lpad(to_hex(n), 24, '0'), 'Model ' || n, 'OTHER', false, false, false, false, false
         FROM generate_series(1, 600) AS n`,
    );
    const { data } = await gateway.query(BATCH, { token });
    const { rows } = await gateway.sql.query<{ id: string }>(
      'SELECT id FROM device_model ORDER BY id LIMIT 500',
    );
    expect(data).toEqual({ deviceModels: rows });
  });
});

describe('viewer', () => {
  const VIEWER = '{ viewer { id accessLevel customer { id name } } }';

  it('is whoever the token speaks of, with the customer', async () => {
    const { data, errors } = await gateway.query(VIEWER, { token });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      viewer: {
        id: 'test-VIEWER',
        accessLevel: 'VIEWER',
        customer: { id: CUSTOMER, name: 'Bageriet på Hjørnet' },
      },
    });
  });

  it('has no customer when there is none by that id', async () => {
    const stranger = await gateway.token('OWNER', newId());
    const { data, errors } = await gateway.query(VIEWER, { token: stranger });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ viewer: { accessLevel: 'OWNER', customer: null } });
  });
});
