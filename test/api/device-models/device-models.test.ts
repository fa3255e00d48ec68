import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

const FIELDS = 'id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport }';
const CREATE = `mutation ($input: DeviceModelInput!, $key: String) {
  createDeviceModel(input: $input, idempotencyKey: $key) { ${FIELDS} } }`;
const UPDATE = `mutation ($id: ID!, $input: DeviceModelInput!) { updateDeviceModel(id: $id, input: $input) { ${FIELDS} } }`;
const DELETE = `mutation ($id: ID!) { deleteDeviceModel(id: $id) { ${FIELDS} } }`;
const READ = `query ($id: ID!) { deviceModel(id: $id) { ${FIELDS} } }`;

const NOTHING = { wifi: false, wifi2G: false, wifi5G: false, wifi6G: false, simSupport: false };
const ROUTER = { name: 'NX-1', type: 'ROUTER', brand: 'Acme', description: 'A\nrouter', picture: newId() };

let gateway: TestGateway;
let token: string;
let customer: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  customer = await createCustomer(gateway);
  token = await gateway.token('RESELLER_ADMIN', customer);
});
afterAll(async () => {
  await gateway.stop();
});

type Input = Readonly<Record<string, unknown>>;

async function create(input: Input, key?: string): Promise<GraphqlAnswer> {
  return await gateway.query(CREATE, { token, variables: { input, key } });
}

/** Creates a model. @returns it */
async function created(input: Input = ROUTER): Promise<Record<string, unknown>> {
  const { data, errors } = await create(input);
  expect(errors).toEqual([]);
  return fieldOf(data, 'createDeviceModel');
}

const answered = z.record(z.string(), z.record(z.string(), z.unknown()));

function fieldOf(data: unknown, field: string): Record<string, unknown> {
  return answered.parse(data)[field] ?? {};
}

async function modelOf(device: string): Promise<string> {
  const { rows } = await gateway.sql.query<{ model: string }>(
    'SELECT model_id AS model FROM network_device WHERE id = $1',
    [device],
  );
  return rows[0]?.model ?? '';
}

async function update(id: unknown, input: Input): Promise<GraphqlAnswer> {
  return await gateway.query(UPDATE, { token, variables: { id, input } });
}

async function read(id: unknown): Promise<unknown> {
  return fieldOf((await gateway.query(READ, { token, variables: { id } })).data, 'deviceModel');
}

async function audited(id: unknown): Promise<unknown> {
  const { rows } = await gateway.sql.query(
    `SELECT action, paths, subject, access_level, object_type FROM catalog_audit
     WHERE object_id = $1 AND request_id <> '' ORDER BY id`,
    [id],
  );
  return rows;
}

const BY = { subject: 'test-RESELLER_ADMIN', access_level: 'RESELLER_ADMIN', object_type: 'DEVICE_MODEL' };

describe('createDeviceModel', () => {
  it('adds a model with a new id; capabilities that are not given are false', async () => {
    const model = await created({ ...ROUTER, name: '  NX\u0041\u0301 ', capabilities: { wifi: true } });
    expect(model['id']).toMatch(/^[0-9a-f]{24}$/);
    expect(model).toEqual({
      ...ROUTER,
      id: model['id'],
      name: 'NX\u00c1',
      capabilities: { ...NOTHING, wifi: true },
    });
    expect(await read(model['id'])).toEqual(model);
    const paths = ['name', 'type', 'brand', 'description', 'picture', 'capabilities.wifi'];
    expect(await audited(model['id'])).toEqual([{ ...BY, action: 'CREATE', paths }]);
  });

  it.each<[string, Input, readonly string[]]>([
    ['nothing', {}, ['name', 'type']],
    ['null for both', { name: null, type: null }, ['name', 'type']],
    ['a name that does not show', { ...ROUTER, name: ' \u200b' }, ['name']],
    ['a name of 101 characters', { ...ROUTER, name: 'n'.repeat(101) }, ['name']],
    ['a brand of 101 characters', { ...ROUTER, brand: 'b'.repeat(101) }, ['brand']],
    ['a description of 4,097 characters', { ...ROUTER, description: 'd'.repeat(4_097) }, ['description']],
    ['a control character', { ...ROUTER, brand: 'a\0', description: 'a\u0007' }, ['brand', 'description']],
    ['a picture that is no id', { ...ROUTER, picture: 'picture' }, ['picture']],
  ])('%s: every violation, in the order of the input', async (_, input, paths) => {
    const { data, errors } = await create(input);
    expect(data).toEqual({ createDeviceModel: null });
    const [first] = paths;
    expect(errors).toMatchObject([
      {
        path: ['createDeviceModel'],
        extensions: {
          code: 'INVALID_VALUE',
          rest: { code: 422, message: first },
          violations: paths.map((path) => ({ path, code: 'INVALID_VALUE' })),
        },
      },
    ]);
  });

  it('a type outside the enum is VALUE_NOT_PERMITTED', async () => {
    const { errors } = await create({ ...ROUTER, type: 'TOASTER' });
    expect(errors).toMatchObject([
      { extensions: { code: 'VALUE_NOT_PERMITTED', rest: { code: 409, message: 'type' } } },
    ]);
  });

  it('a key makes a repeat answer with the model as it is now; another call with it is refused', async () => {
    const key = newId();
    const input = { ...ROUTER, name: `Once ${key}` };
    const [first, second] = await Promise.all([create(input, key), create(input, key)]);
    expect(first.data).toEqual(second.data);
    const { id } = fieldOf(first.data, 'createDeviceModel');
    await update(id, { brand: 'Renamed' });
    // The same by meaning: the case of an id makes no difference.
    const repeat = await create({ ...input, picture: ROUTER.picture.toUpperCase() }, key);
    expect(fieldOf(repeat.data, 'createDeviceModel')).toMatchObject({ id, brand: 'Renamed' });
    const { rowCount } = await gateway.sql.query('SELECT FROM device_model WHERE name = $1', [input.name]);
    expect(rowCount).toBe(1);
    const other = await create({ ...input, brand: 'Other' }, key);
    expect(other.errors).toMatchObject([
      { extensions: { code: 'IDEMPOTENCY_KEY_REUSED', rest: { code: 422, message: 'idempotencyKey' } } },
    ]);
    await gateway.query(DELETE, { token, variables: { id } });
    const gone = await create(input, key);
    expect(gone.errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
  });
});

describe('updateDeviceModel', () => {
  it.each<[string, Input, Input, readonly string[]]>([
    ['absent leaves everything', {}, {}, []],
    ['a value sets, and what is beside it stays', { name: 'NX-2' }, { name: 'NX-2' }, ['name']],
    [
      'null clears',
      { brand: null, description: null, picture: null },
      { brand: null, description: null, picture: null },
      ['brand', 'description', 'picture'],
    ],
    [
      'a capability alone',
      { capabilities: { wifi6G: true } },
      { capabilities: { ...NOTHING, wifi: true, wifi6G: true } },
      ['capabilities.wifi6G'],
    ],
    ['null is false', { capabilities: { wifi: null } }, { capabilities: NOTHING }, ['capabilities.wifi']],
    ['null for all', { capabilities: null }, { capabilities: NOTHING }, ['capabilities.wifi']],
    ['what is so already', { name: ' NX-1 ' }, {}, []],
  ])('%s', async (_, input, change, paths) => {
    const before = await created({ ...ROUTER, capabilities: { wifi: true } });
    const { data, errors } = await update(before['id'], input);
    expect(errors).toEqual([]);
    expect(fieldOf(data, 'updateDeviceModel')).toEqual({ ...before, ...change });
    expect(await read(before['id'])).toEqual({ ...before, ...change });
    const entry = { ...BY, action: 'UPDATE', paths };
    expect(await audited(before['id'])).toEqual([
      expect.objectContaining({ action: 'CREATE' }),
      ...(paths.length > 0 ? [entry] : []),
    ]);
  });

  it.each(['name', 'type'])('%s cannot be cleared, and nothing is written', async (path) => {
    const before = await created();
    const { errors } = await update(before['id'], { [path]: null, brand: 'Other' });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_VALUE', violations: [{ path }] } }]);
    expect(await read(before['id'])).toEqual(before);
  });

  it('an older violation does not stand in the way of another change', async () => {
    const { id } = await created();
    await gateway.sql.query(`UPDATE device_model SET brand = $2 WHERE id = $1`, [id, 'b'.repeat(200)]);
    const { errors } = await update(id, { name: 'NX-3' });
    expect(errors).toEqual([]);
  });

  it('two who change different fields at once both succeed', async () => {
    const { id } = await created();
    const values = Array.from({ length: 8 }, (_, index) => `value ${index}`);
    await Promise.all(
      values.flatMap((text) => [update(id, { brand: text }), update(id, { description: text })]),
    );
    await Promise.all([update(id, { brand: 'last' }), update(id, { description: 'last' })]);
    expect(await read(id)).toMatchObject({ brand: 'last', description: 'last', name: ROUTER.name });
  });

  it('a device of the model keeps what it has and can still be renamed', async () => {
    const device = await createDevice(gateway);
    const { errors } = await update(await modelOf(device.id), { capabilities: null });
    expect(errors).toEqual([]);
    const manager = await gateway.token('MANAGER', device.customer);
    const renamed = await gateway.query(
      `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Renamed" }) {
        name wifi { enabled } model { capabilities { wifi } } } }`,
      { token: manager, variables: { id: device.id } },
    );
    expect(renamed.errors).toEqual([]);
    expect(renamed.data).toEqual({
      updateNetworkDevice: {
        name: 'Renamed',
        wifi: { enabled: true },
        model: { capabilities: { wifi: false } },
      },
    });
  });
});

describe('deleteDeviceModel', () => {
  it('returns the model as it was, and it is gone', async () => {
    const before = await created();
    const { data, errors } = await gateway.query(DELETE, { token, variables: { id: before['id'] } });
    expect(errors).toEqual([]);
    expect(data).toEqual({ deleteDeviceModel: before });
    const again = await gateway.query(DELETE, { token, variables: { id: before['id'] } });
    expect(again.errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
    expect(await audited(before['id'])).toEqual([
      expect.objectContaining({ action: 'CREATE' }),
      { ...BY, action: 'DELETE', paths: [] },
    ]);
  });

  it('MODEL_IN_USE while a device has it', async () => {
    const device = await createDevice(gateway);
    const id = await modelOf(device.id);
    const { data, errors } = await gateway.query(DELETE, { token, variables: { id } });
    expect(data).toEqual({ deleteDeviceModel: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'MODEL_IN_USE', rest: { code: 409, message: 'id' }, retryable: false } },
    ]);
    expect(await read(id)).toMatchObject({ id });
  });
});

describe.each(ACCESS_LEVELS.map((level) => ({ level })))('$level', ({ level }) => {
  const mayManage = level === 'ADMIN' || level === 'RESELLER_ADMIN';

  it(`${mayManage ? 'may' : 'may not'} write models, and the error for a missing one is that of deviceModel`, async () => {
    const own = await gateway.token(level, customer);
    const model = await created();
    const answers = [
      await gateway.query(CREATE, { token: own, variables: { input: ROUTER } }),
      await gateway.query(UPDATE, { token: own, variables: { id: model['id'], input: { brand: level } } }),
      await gateway.query(DELETE, { token: own, variables: { id: model['id'] } }),
    ];
    const denied = [{ extensions: { code: 'ACCESS_DENIED' } }];
    for (const { errors } of answers) {
      if (mayManage) expect(errors).toEqual([]);
      else expect(errors).toMatchObject(denied);
    }
    for (const id of [newId(), 'no id']) {
      const missing = [
        await gateway.query(UPDATE, { token: own, variables: { id, input: {} } }),
        await gateway.query(DELETE, { token: own, variables: { id } }),
      ];
      const code = level === 'ADMIN' ? 'NOT_FOUND' : 'ACCESS_DENIED';
      for (const { errors } of missing) expect(errors).toMatchObject([{ extensions: { code } }]);
    }
  });
});
