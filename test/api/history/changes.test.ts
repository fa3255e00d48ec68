import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { create, createModel, idIn } from '../create-network-device/create.js';
import { retry, update } from '../provisioning/provisioning.js';
import { askChanges, changePage, changes, deviceIn, SETTINGS, settingsAt } from './history.js';

let gateway: TestGateway;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

async function current(id: string): Promise<unknown> {
  return deviceIn(
    await gateway.query(`query ($id: ID!) { networkDevice(id: $id) { ${SETTINGS} } }`, {
      token,
      variables: { id },
    }),
  );
}

describe('the changes of a device', () => {
  it('are what was done, the newest first, with the settings around each', async () => {
    const model = await createModel(gateway);
    const id = idIn(
      await create(gateway, token, { customer, model, name: 'First', wifi: { password: 'first password' } }),
    );
    const at = [await current(id)];
    await update(gateway, token, id, { name: 'Second', wifi: { password: 'second password' } });
    at.push(await current(id));
    await update(gateway, token, id, { dhcp: { leaseTime: 10 } });
    at.push(await current(id));
    await update(gateway, token, id, { wifi: null, dhcp: { leaseTime: null } });
    at.push(await current(id));
    await retry(gateway, token, id);
    const who = { by: 'test-OWNER', accessLevel: 'OWNER' };
    expect(await changes(gateway, token, id)).toMatchObject([
      { ...who, version: 4, action: 'RETRY', paths: [], before: at[3], after: at[3] },
      {
        ...who,
        version: 4,
        action: 'UPDATE',
        paths: ['wifi', 'dhcp.leaseTime'],
        before: at[2],
        after: at[3],
      },
      { ...who, version: 3, action: 'UPDATE', paths: ['dhcp'], before: at[1], after: at[2] },
      { ...who, version: 2, action: 'UPDATE', paths: ['name', 'wifi.password'], before: at[0], after: at[1] },
      {
        ...who,
        version: 1,
        action: 'CREATE',
        paths: ['name', 'macAddress', 'wifi'],
        before: null,
        after: at[0],
      },
    ]);
    expect(await settingsAt(gateway, token, id, [1, 2, 3, 4])).toEqual(at);
    expect(await settingsAt(gateway, token, id, [0, -1, 5, 2_147_483_647])).toEqual([null, null, null, null]);
  });

  it('come page by page', async () => {
    const { id } = await createDevice(gateway, { customer });
    for (const name of ['A', 'B', 'C', 'D']) await update(gateway, token, id, { name });
    const whole = await changes(gateway, token, id);
    const first = await changePage(gateway, token, id, { first: 2 });
    expect(first.edges.map(({ node }) => node)).toEqual(whole.slice(0, 2));
    expect(first.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false });
    const after = first.edges.at(-1)?.cursor ?? '';
    await update(gateway, token, id, { name: 'Between' });
    const second = await changePage(gateway, token, id, { first: 3, after });
    expect(second.edges.map(({ node }) => node)).toEqual(whole.slice(2));
    expect(second.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true });
    expect((await changePage(gateway, token, id, { first: 0 })).edges).toEqual([]);
  });

  it('refuse pages that make no sense, and the device stands', async () => {
    const { id } = await createDevice(gateway, { customer });
    const { edges } = await changePage(gateway, token, id);
    const asked = async (more: object) => {
      const { data, errors } = await askChanges(gateway, token, id, more);
      expect(data).toEqual({ networkDevice: { version: 1, changes: null } });
      return errors.map(({ extensions: { code, violations = [] } }) => [code, violations[0]?.path]);
    };
    expect(await asked({ first: 101 })).toEqual([['INVALID_VALUE', 'first']]);
    expect(await asked({ first: -1 })).toEqual([['INVALID_VALUE', 'first']]);
    for (const after of ['', 'abc', `${edges[0]?.cursor ?? ''}a`, 'A'.repeat(10_000)]) {
      expect(await asked({ after })).toEqual([['INVALID_VALUE', 'after']]);
    }
  });

  it('show the order of reservations as a change of them', async () => {
    const clients = [newMac(), newMac()].map((mac, index) => ({ mac, ip: `192.168.0.1${index}` }));
    const { id } = await createDevice(gateway, { customer });
    await update(gateway, token, id, { dhcp: { reservedClients: clients } });
    await update(gateway, token, id, { dhcp: { reservedClients: clients.toReversed() } });
    const [newest, second] = await changes(gateway, token, id);
    expect(newest).toMatchObject({ version: 3, paths: ['dhcp.reservedClients'], before: second?.after });
  });
});
