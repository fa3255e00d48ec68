import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';

const EVERYTHING = `query ($id: ID!) { networkDevice(id: $id) {
  id version state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
  model { id name type capabilities { wifi } } customer { id name }
  wifi { ssid password password5G password6G } dhcp { leaseTime reservedClients { mac ip } }
  status { online lanIp networkTypes }
} }`;
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, dryRun: $dryRun) {
    id version model { name } customer { name } wifi { password } dhcp { leaseTime } status { online }
  }
}`;

describe('a request costs a fixed number of SQL statements, whatever it selects', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  const spy = spyOnStatements();

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
    // Connections are made, and their first statements spent, before anything is counted.
    await gateway.query(EVERYTHING, { token, variables: { id: device.id } });
  });
  beforeEach(() => {
    spy.clear();
  });
  afterEach(() => {
    spy.clear();
  });
  afterAll(async () => {
    spy.restore();
    await gateway.stop();
  });

  /** The statements that reached the driver, each by its first word. */
  function statements(): readonly string[] {
    return spy.texts().map((text) => /\w+/.exec(text)?.[0].toUpperCase() ?? text);
  }
  const update = async (input: object, more: object = {}) =>
    await gateway.query(UPDATE, { token, variables: { id: device.id, input, ...more } });

  it('networkDevice with everything nested: 1', async () => {
    const { errors } = await gateway.query(EVERYTHING, { token, variables: { id: device.id } });
    expect(errors).toEqual([]);
    expect(statements()).toHaveLength(1);
  });

  it('networkDevice that is missing: 1', async () => {
    await gateway.query(EVERYTHING, { token, variables: { id: newId() } });
    expect(statements()).toHaveLength(1);
  });

  it('updateNetworkDevice: 2, a read and a write', async () => {
    const { errors } = await update({
      name: 'Counted',
      macAddress: device.macAddress,
      wifi: { ssid: 'Counted' },
    });
    expect(errors).toEqual([]);
    expect(statements()).toHaveLength(2);
  });

  it.each<[string, object, object]>([
    ['an update that changes nothing', {}, {}],
    [
      'an update to the values that are there',
      { notes: 'Note about device', wifi: { password: 'JohnConner' } },
      {},
    ],
    ['a dry run', { name: 'Not written' }, { dryRun: true }],
    ['a dry run of another MAC address', { macAddress: 'aabbccddeeff' }, { dryRun: true }],
    ['an invalid update', { name: '' }, {}],
  ])('%s: 1, a read', async (_, input, more) => {
    await update(input, more);
    expect(statements()).toEqual([expect.stringMatching(/^(SELECT|WITH)$/)]);
  });

  it.each<[string, string, object]>([
    ['networkDevice', EVERYTHING, {}],
    ['updateNetworkDevice', UPDATE, { input: { name: 'x' } }],
  ])('%s with a malformed id: 1, as for one that is missing', async (_, query, more) => {
    await gateway.query(query, { token, variables: { id: 'no-id', ...more } });
    expect(statements()).toHaveLength(1);
  });

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['a bad token', { authorization: 'Bearer garbage' }],
  ])('with %s: 0, whatever is asked', async (_, headers) => {
    const variables = { id: device.id, input: { name: 'x' } };
    await gateway.query(EVERYTHING, { headers, variables });
    await gateway.query(UPDATE, { headers, variables });
    await gateway.query('{ viewer { customer { name } } deviceModels { id } }', { headers });
    expect(statements()).toEqual([]);
  });

  it('for a level that may nothing: 0', async () => {
    const nobody = await gateway.token('PERSONAL', device.customer);
    await gateway.query(EVERYTHING, { token: nobody, variables: { id: device.id } });
    await gateway.query(UPDATE, { token: nobody, variables: { id: device.id, input: { name: 'x' } } });
    expect(statements()).toEqual([]);
  });

  it('a request that is not understood: 0', async () => {
    await gateway.query('{ nope', { token });
    await update({ nope: true });
    expect(statements()).toEqual([]);
  });

  it.each([1, 3, 1_000])('deviceModels with %i ids: 1', async (count) => {
    const ids = Array.from({ length: count }, () => newId());
    await gateway.query('query ($ids: [ID!]) { deviceModels(ids: $ids) { id } }', {
      token,
      variables: { ids },
    });
    expect(statements()).toHaveLength(1);
  });
});
