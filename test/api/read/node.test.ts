import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

const NODE = `query ($id: ID!) {
  node(id: $id) {
    __typename id
    ... on NetworkDevice { name wifi { ssid password } }
    ... on Customer { customerName: name }
    ... on DeviceModel { modelName: name }
  }
}`;

describe('node reads again what an id names', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let foreign: TestDevice;
  let model: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway);
    foreign = await createDevice(gateway);
    const { rows } = await gateway.sql.query<{ model_id: string }>(
      'SELECT model_id FROM network_device WHERE id = $1',
      [device.id],
    );
    model = rows[0]?.model_id ?? '';
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const ask = async (id: string, level: 'MANAGER' | 'VIEWER' | 'ADMIN' = 'MANAGER') =>
    await gateway.query(NODE, { token: await gateway.token(level, device.customer), variables: { id } });

  it('a device, in any case of its id', async () => {
    const { data, errors } = await ask(device.id.toUpperCase());
    expect(errors).toEqual([]);
    expect(data).toEqual({
      node: {
        __typename: 'NetworkDevice',
        id: device.id,
        name: 'Johns router',
        wifi: { ssid: 'SkyNet', password: 'JohnConner' },
      },
    });
  });

  it('a customer and a device model', async () => {
    const { customer } = device;
    expect((await ask(customer)).data).toEqual({
      node: { __typename: 'Customer', id: customer, customerName: `Customer ${customer}` },
    });
    expect((await ask(model)).data).toEqual({
      node: { __typename: 'DeviceModel', id: model, modelName: 'NX-510' },
    });
  });

  it('null without an error where it is missing, out of reach, or no id, to ADMIN too', async () => {
    for (const id of [newId(), foreign.id, foreign.customer, 'none', '']) {
      const { data, errors } = await ask(id);
      expect([id, data, errors]).toEqual([id, { node: null }, []]);
    }
    const { data, errors } = await ask(newId(), 'ADMIN');
    expect([data, errors]).toEqual([{ node: null }, []]);
  });

  it('a password that may not be read is null without an error, as in lists', async () => {
    const { data, errors } = await ask(device.id, 'VIEWER');
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ node: { wifi: { ssid: 'SkyNet', password: null } } });
  });

  it('its types need a token, and a level that may read', async () => {
    expect((await gateway.query(NODE, { variables: { id: device.id } })).errors[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    const token = await gateway.token('PERSONAL', device.customer);
    const { errors } = await gateway.query(NODE, { token, variables: { id: device.id } });
    expect(errors[0]?.extensions.code).toBe('ACCESS_DENIED');
  });

  it('portals do not see it, nor that types implement it', async () => {
    const { data } = await gateway.query('{ _sdl _service { sdl } }');
    const texts = JSON.stringify(data);
    expect(texts).toContain('type NetworkDevice');
    expect(texts).not.toMatch(/\bNode\b|\bnode\(/);
  });
});

describe('customers reads many by their ids', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const CUSTOMERS = 'query ($ids: [ID!]!) { customers(ids: $ids) { id name } }';

  it('same length and order, null where one is missing, out of reach, or no id', async () => {
    const reseller = await createCustomer(gateway);
    const below = await createCustomer(gateway, reseller);
    const foreign = await createCustomer(gateway);
    const token = await gateway.token('RESELLER', reseller);
    const ids = [below, foreign, newId(), 'none', reseller.toUpperCase(), below];
    const { data, errors } = await gateway.query(CUSTOMERS, { token, variables: { ids } });
    expect(errors).toEqual([]);
    const shown = (id: string) => ({ id, name: `Customer ${id}` });
    expect(data).toEqual({ customers: [shown(below), null, null, null, shown(reseller), shown(below)] });
  });

  it('more than 1,000 ids are refused by the name of the argument', async () => {
    const token = await gateway.token('ADMIN', newId());
    const ids = Array.from({ length: 1_001 }, newId);
    const { data, errors } = await gateway.query(CUSTOMERS, { token, variables: { ids } });
    expect(data).toEqual({ customers: null });
    expect(errors).toMatchObject([
      { path: ['customers'], extensions: { code: 'INVALID_VALUE', rest: { message: 'ids' } } },
    ]);
  });
});
