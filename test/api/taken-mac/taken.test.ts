import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { create, createModel, faultOf, idIn } from '../create-network-device/create.js';
import { codesOf, deleteDevice, readDeletion } from '../delete-network-device/delete.js';

let gateway: TestGateway;
let southbound: Southbound;
let model: string;
let customer: string;
let token: string;

beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway(southbound.removalEnv);
  model = await createModel(gateway);
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});
afterEach(() => {
  southbound.answerWith(() => ({ status: 204 }));
  expect(southbound.errors).toEqual([]);
});

const ordersOf = (id: string): Southbound['arrivals'] =>
  southbound.arrivals.filter(({ deviceId }) => deviceId === id);
const wifi = { enabled: true, ssid: 'Next', password: 'the next one' };
const update = async (id: string, input: object): Promise<readonly string[]> => {
  const text =
    'mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { id } }';
  return codesOf(await gateway.query(text, { token, variables: { id, input } }));
};

const replaceHardware = async (id: string): Promise<readonly string[]> => {
  const text =
    'mutation ($id: ID!, $input: DeviceReplaceInput!) { replaceNetworkDevice(id: $id, input: $input) { id } }';
  return codesOf(await gateway.query(text, { token, variables: { id, input: { macAddress: newMac() } } }));
};

/** A DELETING device: without a removal, or while one runs. */
async function deleting(isRunning: boolean): Promise<{ device: TestDevice; release: () => void }> {
  const device = await createDevice(gateway, { customer });
  if (!isRunning) {
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [device.id]);
    return { device, release: () => undefined };
  }
  const release = southbound.hold();
  await deleteDevice(gateway, device);
  await expect.poll(() => ordersOf(device.id)).toHaveLength(1);
  return { device, release };
}

describe('the MAC address of a device that is being deleted', () => {
  it('is taken at once by a create of who may update the device, which is gone then', async () => {
    const { device } = await deleting(false);
    const { macAddress } = device;
    const id = idIn(await create(gateway, token, { model, macAddress, wifi }));
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    await expect.poll(() => ordersOf(id)).toMatchObject([{ macAddress, wifi: { ssid: 'Next' } }]);
  });

  it('is in use for everybody else', async () => {
    const { device } = await deleting(false);
    const stranger = await gateway.token('OWNER', await createCustomer(gateway));
    const input = { model, macAddress: device.macAddress };
    for (const isDry of [true, false]) {
      expect(faultOf(await create(gateway, stranger, input, isDry))).toEqual([
        'MAC_ADDRESS_IN_USE',
        'macAddress',
      ]);
    }
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING' });
    const dry = await create(gateway, token, input, true);
    expect(dry.errors).toEqual([]);
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING' });
  });

  it('comes with no order before a removal that runs has ended, and the device shows it until then', async () => {
    const { device, release } = await deleting(true);
    const { macAddress } = device;
    const id = idIn(await create(gateway, token, { model, macAddress, wifi }));
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING', macAddress, jobs: 1 });
    expect(await update(id, { wifi: { ssid: 'Later' } })).toEqual([]);
    // Workers look for jobs every two seconds.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(ordersOf(id)).toEqual([]);
    release();
    await expect.poll(() => ordersOf(id)).toMatchObject([{ macAddress, wifi: { ssid: 'Later' } }]);
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    expect(ordersOf(device.id)[0]?.endedAt).toBeLessThan(ordersOf(id)[0]?.startedAt ?? 0);
    await expect
      .poll(async () => await readDeletion(gateway, { ...device, id }))
      .toMatchObject({ state: 'ACTIVE', jobs: 0, status: { provisioned: true } });
  });

  it('comes with no order before one that runs on its behalf has ended either', async () => {
    const device = await createDevice(gateway, { customer });
    const release = southbound.hold();
    await update(device.id, { wifi: { ssid: 'Last' } });
    await expect.poll(() => ordersOf(device.id)).toHaveLength(1);
    await deleteDevice(gateway, device);
    const id = idIn(await create(gateway, token, { model, macAddress: device.macAddress, wifi }));
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING', jobs: 2 });
    release();
    await expect.poll(() => ordersOf(id)).toHaveLength(1);
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    expect(ordersOf(device.id)).toHaveLength(1);
    // A subscriber that was not told yet that it is being deleted is told its end.
    const { rows } = await gateway.sql.query(
      'SELECT gone_customer_id, gone_version FROM device_change WHERE device_id = $1 AND gone_customer_id IS NOT NULL',
      [device.id],
    );
    expect(rows).toEqual([{ gone_customer_id: customer, gone_version: 3 }]);
  });

  it('ends a removal that is to be tried again', async () => {
    southbound.answerWith(({ kind }) => ({ status: kind === 'REMOVAL' ? 500 : 204 }));
    const slow = await gateway.startTwin({ ...southbound.removalEnv, PROVISIONING_RETRY_MS: '600000' });
    try {
      const device = await createDevice(gateway, { customer });
      const text = `mutation { deleteNetworkDevice(id: "${device.id}") { id } }`;
      const { status } = await fetch(slow.url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: text }),
      });
      expect(status).toBe(200);
      await expect
        .poll(async () => await readDeletion(gateway, device))
        .toMatchObject({ provisioningJobs: [{ state: 'QUEUED', attempts: 1 }] });
      const id = idIn(await create(gateway, token, { model, macAddress: device.macAddress, wifi }));
      await expect.poll(() => ordersOf(id)).toHaveLength(1);
      expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
      expect(ordersOf(device.id)).toHaveLength(1);
    } finally {
      await slow.stop();
    }
  });

  it('is taken by an update in the same way', async () => {
    const other = await createDevice(gateway, { customer });
    const { device, release } = await deleting(true);
    expect(await update(other.id, { macAddress: device.macAddress })).toEqual([]);
    expect(await readDeletion(gateway, other)).toMatchObject({
      state: 'PROVISIONING',
      jobs: 1,
      macAddress: device.macAddress,
    });
    expect(ordersOf(other.id)).toEqual([]);
    release();
    await expect.poll(() => ordersOf(other.id)).toMatchObject([{ macAddress: device.macAddress }]);
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    const { device: failed } = await deleting(false);
    expect(await update(other.id, { macAddress: failed.macAddress })).toEqual([]);
    expect(await readDeletion(gateway, failed)).toBe('ACCESS_DENIED');
  });

  it('is handed on while the first removal still runs, and the last one waits as well', async () => {
    const { device, release } = await deleting(true);
    const { macAddress } = device;
    const second = idIn(await create(gateway, token, { model, macAddress, wifi }));
    await deleteDevice(gateway, { id: second, customer });
    const third = idIn(await create(gateway, token, { model, macAddress, wifi }));
    expect(await readDeletion(gateway, { ...device, id: second })).toBe('ACCESS_DENIED');
    release();
    await expect.poll(() => ordersOf(third)).toHaveLength(1);
    expect(ordersOf(second)).toEqual([]);
    expect(ordersOf(device.id)[0]?.endedAt).toBeLessThan(ordersOf(third)[0]?.startedAt ?? 0);
  });

  it.each([
    [
      'is deleted by force',
      async (id: string) => codesOf(await deleteDevice(gateway, { id, customer }, { force: true })),
    ],
    ['gets another one', async (id: string) => await update(id, { macAddress: newMac() })],
    ['gets other hardware', async (id: string) => await replaceHardware(id)],
  ])('is still in use while its removal runs, when the device that took it %s', async (_, letGo) => {
    const { device, release } = await deleting(true);
    const { macAddress } = device;
    const second = idIn(await create(gateway, token, { model, macAddress, wifi }));
    expect(await letGo(second)).toEqual([]);
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING', macAddress });
    const elsewhere = await createCustomer(gateway);
    const stranger = await gateway.token('OWNER', elsewhere);
    expect(faultOf(await create(gateway, stranger, { model, macAddress }))).toEqual([
      'MAC_ADDRESS_IN_USE',
      'macAddress',
    ]);
    const third = idIn(await create(gateway, token, { model, macAddress, wifi }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(ordersOf(third)).toEqual([]);
    release();
    await expect.poll(() => ordersOf(third)).toHaveLength(1);
    expect(ordersOf(device.id)[0]?.endedAt).toBeLessThan(ordersOf(third)[0]?.startedAt ?? 0);
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
  });

  it('is free when its removal has ended, although the device that took it let it go before', async () => {
    const { device, release } = await deleting(true);
    const { macAddress } = device;
    const second = idIn(await create(gateway, token, { model, macAddress, wifi }));
    expect(await update(second, { macAddress: newMac() })).toEqual([]);
    release();
    await expect.poll(async () => await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    const stranger = await gateway.token('OWNER', await createCustomer(gateway));
    expect(faultOf(await create(gateway, stranger, { model, macAddress }))).toEqual([undefined]);
    await expect.poll(() => ordersOf(second)).toHaveLength(1);
  });

  it('waits no longer than the lease of a worker that died', async () => {
    const { device } = await deleting(false);
    await gateway.sql.query(
      `WITH died AS (INSERT INTO provisioning_job (device_id, version, kind, state, lease, attempts, started_at, due_at, removal_due_at)
        VALUES ($1, 1, 'REMOVAL', 'RUNNING', gen_random_uuid(), 1, now(), 'infinity', now() + interval '1 second') RETURNING id)
        UPDATE network_device SET running_job_id = died.id, jobs = 1, has_open_removal = true FROM died WHERE network_device.id = $1`,
      [device.id],
    );
    const id = idIn(await create(gateway, token, { model, macAddress: device.macAddress, wifi }));
    expect(await readDeletion(gateway, device)).toMatchObject({
      state: 'DELETING',
      macAddress: device.macAddress,
    });
    await expect.poll(() => ordersOf(id)).toHaveLength(1);
    expect(ordersOf(device.id)).toEqual([]);
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
  });

  it('goes to one of many at once', async () => {
    const { device } = await deleting(false);
    const { macAddress } = device;
    const answers = await Promise.all(
      Array.from(
        { length: 8 },
        async () => await create(gateway, token, { model, macAddress }, false, newId()),
      ),
    );
    const faults = answers.filter(({ errors }) => errors.length > 0).map(faultOf);
    expect(faults).toEqual(Array(7).fill(['MAC_ADDRESS_IN_USE', 'macAddress']));
  });

  it('stays with a device when the write that wants it is refused', async () => {
    const { device } = await deleting(false);
    const input = { model, macAddress: device.macAddress, serialNumber: '\u0001' };
    expect(faultOf(await create(gateway, token, input))).toEqual(['INVALID_VALUE', 'serialNumber']);
    expect(await readDeletion(gateway, device)).toMatchObject({ state: 'DELETING' });
    expect(faultOf(await create(gateway, token, { model, macAddress: newMac() }))).toEqual([undefined]);
  });
});
