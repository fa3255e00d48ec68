import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { connect } from '../../live/subscriber.js';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { codesOf, deleteDevice, readDeletion } from './delete.js';

let gateway: TestGateway;
let southbound: Southbound;

beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway(southbound.removalEnv);
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});
afterEach(() => {
  southbound.answerWith(() => ({ status: 204 }));
  expect(southbound.errors).toEqual([]);
});

const ordersOf = ({ id }: TestDevice): readonly object[] =>
  southbound.arrivals.filter(({ deviceId }) => deviceId === id);
const isGone = async (device: TestDevice): Promise<void> => {
  await expect.poll(async () => await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
};
const update = async (device: TestDevice, input: object): Promise<readonly string[]> => {
  const token = await gateway.token('OWNER', device.customer);
  const text =
    'mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { id } }';
  return codesOf(await gateway.query(text, { token, variables: { id: device.id, input } }));
};

describe('deleteNetworkDevice', () => {
  it('sends a removal without settings, and the device is gone when that has ended well', async () => {
    const device = await createDevice(gateway);
    const release = southbound.hold();
    const answer = await deleteDevice(gateway, device);
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      deleteNetworkDevice: {
        id: device.id,
        version: 2,
        state: 'DELETING',
        jobs: 1,
        name: 'Johns router',
        macAddress: device.macAddress,
      },
    });
    await expect.poll(() => ordersOf(device)).toHaveLength(1);
    expect(ordersOf(device)).toMatchObject([
      { kind: 'REMOVAL', attempt: 1, version: 2, macAddress: device.macAddress, wifi: null, dhcp: null },
    ]);
    expect(await readDeletion(gateway, device)).toMatchObject({
      state: 'DELETING',
      provisioningJobs: [{ kind: 'REMOVAL', state: 'RUNNING', version: 2, attempts: 1, error: null }],
    });
    release();
    await isGone(device);
    const { rows } = await gateway.sql.query(
      `SELECT (SELECT count(*) FROM provisioning_job WHERE device_id = $1) + (SELECT count(*) FROM device_status WHERE device_id = $1)
        + (SELECT count(*) FROM device_reach WHERE device_id = $1) AS rest,
        (SELECT json_agg(json_build_array(action, version, paths)) FROM device_audit WHERE device_id = $1 AND action <> 'IMPORT') AS audited`,
      [device.id],
    );
    expect(rows).toEqual([{ rest: '0', audited: [['DELETE', 2, []]] }]);
  });

  it('supersedes a job that waits, and lets one that runs end first', async () => {
    const device = await createDevice(gateway);
    const release = southbound.hold();
    expect(await update(device, { wifi: { ssid: 'Running' } })).toEqual([]);
    await expect.poll(() => ordersOf(device)).toHaveLength(1);
    expect(await update(device, { wifi: { ssid: 'Waiting' } })).toEqual([]);
    await deleteDevice(gateway, device);
    expect(await readDeletion(gateway, device)).toMatchObject({
      state: 'DELETING',
      version: 4,
      jobs: 2,
      provisioningJobs: [
        { kind: 'REMOVAL', state: 'QUEUED' },
        { kind: 'SETTINGS', state: 'SUPERSEDED' },
        { kind: 'SETTINGS', state: 'RUNNING' },
      ],
    });
    release();
    await isGone(device);
    expect(ordersOf(device)).toMatchObject([{ wifi: { ssid: 'Running' } }, { kind: 'REMOVAL' }]);
  });

  it.each([404, 410])('takes an answer of %i to a removal as its end', async (status) => {
    southbound.answerWith(() => ({ status }));
    const device = await createDevice(gateway);
    await deleteDevice(gateway, device);
    await isGone(device);
  });

  it('tries a removal again, and five times at most', async () => {
    southbound.answerWith(() => ({ status: 500 }));
    const device = await createDevice(gateway);
    await deleteDevice(gateway, device);
    await expect
      .poll(async () => await readDeletion(gateway, device))
      .toMatchObject({
        state: 'DELETING',
        jobs: 0,
        provisioningJobs: [{ kind: 'REMOVAL', state: 'FAILED', attempts: 5 }],
      });
    expect(ordersOf(device)).toHaveLength(5);
  });

  it('leaves a device DELETING whose removal was refused, with the reason; deleting it again sends another one', async () => {
    southbound.answerWith(() => ({ status: 422, body: { error: 'Cannot go, JohnConner.' } }));
    const device = await createDevice(gateway);
    await deleteDevice(gateway, device);
    await expect
      .poll(async () => await readDeletion(gateway, device))
      .toMatchObject({
        state: 'DELETING',
        version: 2,
        jobs: 0,
        provisioningJobs: [{ state: 'FAILED', error: 'Cannot go, ….' }],
      });
    for (const codes of [await update(device, { notes: 'x' }), await retry(device)])
      expect(codes).toEqual(['DEVICE_DELETING']);
    const release = southbound.hold();
    const again = await deleteDevice(gateway, device, { expectedVersion: 2 });
    expect(again.data).toMatchObject({ deleteNetworkDevice: { version: 2, state: 'DELETING', jobs: 1 } });
    const once = await deleteDevice(gateway, device);
    expect(once.data).toMatchObject({ deleteNetworkDevice: { version: 2, state: 'DELETING', jobs: 1 } });
    release();
    await isGone(device);
    expect(ordersOf(device)).toHaveLength(2);
  });

  it('treats a DELETING device without a removal as one whose removal failed', async () => {
    const device = await createDevice(gateway);
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [device.id]);
    const { data } = await deleteDevice(gateway, device);
    expect(data).toMatchObject({ deleteNetworkDevice: { version: 1, state: 'DELETING', jobs: 1 } });
    await isGone(device);
  });

  it('ends a device at once with force, and ignores the answer of an order that runs', async () => {
    const device = await createDevice(gateway);
    const release = southbound.hold();
    await deleteDevice(gateway, device);
    await expect.poll(() => ordersOf(device)).toHaveLength(1);
    const { data } = await deleteDevice(gateway, device, { force: true });
    expect(data).toMatchObject({
      deleteNetworkDevice: { id: device.id, version: 2, state: 'DELETING', jobs: 0 },
    });
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    release();
  });

  it('is refused with VERSION_CONFLICT, and to those who may not update', async () => {
    const device = await createDevice(gateway);
    expect(codesOf(await deleteDevice(gateway, device, { expectedVersion: 7 }))).toEqual([
      'VERSION_CONFLICT',
    ]);
    const viewer = await gateway.token('VIEWER', device.customer);
    const stranger = await gateway.token('OWNER', await createCustomer(gateway));
    for (const token of [viewer, stranger]) {
      expect(codesOf(await deleteDevice(gateway, device, { force: true }, token))).toEqual(['ACCESS_DENIED']);
    }
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'ACTIVE', version: 1 });
  });

  it('is repeated by its key while it goes on and after the end', async () => {
    const device = await createDevice(gateway);
    const release = southbound.hold();
    const [first, other] = [newId(), newId()];
    await deleteDevice(gateway, device, { key: first });
    expect((await deleteDevice(gateway, device, { key: first })).data).toMatchObject({
      deleteNetworkDevice: { version: 2, state: 'DELETING', jobs: 1 },
    });
    expect((await deleteDevice(gateway, device, { key: other })).errors).toEqual([]);
    expect(codesOf(await deleteDevice(gateway, device, { key: first, force: true }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
    release();
    await isGone(device);
    for (const key of [first, other]) {
      const { data, errors } = await deleteDevice(gateway, device, { key });
      expect(errors).toEqual([]);
      expect(data).toEqual({
        deleteNetworkDevice: {
          id: device.id,
          version: null,
          state: 'DELETING',
          jobs: null,
          name: null,
          macAddress: null,
        },
      });
    }
    expect(codesOf(await deleteDevice(gateway, device, { key: newId() }))).toEqual(['ACCESS_DENIED']);
  });

  it('shows subscribers DELETING last, and null in batches and to portals after', async () => {
    const device = await createDevice(gateway);
    const token = await gateway.token('OWNER', device.customer);
    const subscriber = await connect(gateway, token);
    const release = southbound.hold();
    try {
      await subscriber.watch('w', { ids: [device.id] }, WATCH_STATE);
      await deleteDevice(gateway, device);
      await subscriber.receives('w', 1);
      release();
      await isGone(device);
      const { data, errors } = await gateway.query(
        `query ($ids: [ID!]!, $of: [_Any!]!) { networkDevices(ids: $ids) { id } _entities(representations: $of) { __typename } node(id: "${device.id}") { id } }`,
        { token, variables: { ids: [device.id], of: [{ __typename: 'NetworkDevice', id: device.id }] } },
      );
      expect(errors).toEqual([]);
      expect(data).toEqual({ networkDevices: [null], _entities: [null], node: null });
      expect(subscriber.events('w').at(-1)).toMatchObject({ state: 'DELETING' });
    } finally {
      subscriber.close();
    }
  });
});

async function retry(device: TestDevice): Promise<readonly string[]> {
  const token = await gateway.token('OWNER', device.customer);
  const text = 'mutation ($id: ID!) { retryProvisioning(id: $id) { id } }';
  return codesOf(await gateway.query(text, { token, variables: { id: device.id } }));
}

describe('subscribers of a device that ends at once', () => {
  it('get one event with DELETING, without settings', async () => {
    const device = await createDevice(gateway);
    const subscriber = await connect(gateway, await gateway.token('OWNER', device.customer));
    try {
      await subscriber.watch('w', { ids: [device.id] }, WATCH_STATE);
      await subscriber.watch('all', { customer: device.customer }, WATCH_CUSTOMER);
      await deleteDevice(gateway, device, { force: true });
      const event = { id: device.id, version: 2, state: 'DELETING', name: null };
      expect(await subscriber.receives('w', 1)).toEqual([event]);
      expect(await subscriber.receives('all', 1)).toEqual([event]);
      const later = await createDevice(gateway, { customer: device.customer });
      await deleteDevice(gateway, later, { force: true });
      expect(await subscriber.receives('all', 2)).toEqual([event, { ...event, id: later.id }]);
      expect(subscriber.events('w')).toHaveLength(1);
    } finally {
      subscriber.close();
    }
  });
});

const WATCH_CUSTOMER =
  'subscription ($customer: ID) { networkDeviceChanged(customer: $customer) { id version state name } }';
const WATCH_STATE =
  'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id version state name } }';

describe('deleteNetworkDevice is for who may update the device', () => {
  it.each(ACCESS_LEVELS)('%s of its own customer', async (level) => {
    const device = await createDevice(gateway);
    const token = await gateway.token(level, device.customer);
    const { data, errors } = await deleteDevice(gateway, device, { force: true }, token);
    const isAllowed = ['MANAGER', 'OWNER', 'RESELLER', 'ADMIN'].includes(level);
    expect(data).toMatchObject({ deleteNetworkDevice: isAllowed ? { id: device.id } : null });
    expect(errors).toMatchObject(isAllowed ? [] : [{ extensions: { code: 'ACCESS_DENIED' } }]);
  });
});

describe('without PROVISIONING_REMOVAL_URL', () => {
  it('a delete ends at once without asking the device, which is logged', async () => {
    const silent = await startTestGateway(southbound.env);
    try {
      const device = await createDevice(silent);
      const { data } = await deleteDevice(silent, device);
      expect(data).toMatchObject({ deleteNetworkDevice: { id: device.id, version: 2, state: 'DELETING' } });
      expect(await readDeletion(silent, device)).toBe('ACCESS_DENIED');
      expect(ordersOf(device)).toEqual([]);
      expect(silent.logLines.join('')).toContain('PROVISIONING_REMOVAL_URL is not set');
    } finally {
      await silent.stop();
    }
  });
});
