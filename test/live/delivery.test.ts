import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { connect, type Subscriber, touch } from './subscriber.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, dryRun: $dryRun) { version }
}`;

const EVERYTHING = `subscription ($ids: [ID!]) {
  networkDeviceChanged(ids: $ids) {
    id version state name jobs macAddress model { name } customer { id }
    wifi { ssid password password5G } dhcp { leaseTime reservedClients { mac } } status { networkType }
  }
}`;

describe('a subscriber gets every committed change within reach, with its own rights on every field', () => {
  let gateway: TestGateway;
  let reseller: string;
  let device: TestDevice;
  const open: Subscriber[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    reseller = await createCustomer(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  beforeEach(async () => {
    device = await createDevice(gateway, { customer: await createCustomer(gateway, reseller) });
  });
  afterEach(() => {
    for (const subscriber of open.splice(0)) subscriber.close();
  });

  const subscriberOf = async (
    ...[level, customer]: Parameters<TestGateway['token']>
  ): Promise<Subscriber> => {
    const subscriber = await connect(gateway, await gateway.token(level, customer));
    open.push(subscriber);
    return subscriber;
  };
  /** Changes a device, so that whoever did not get the changes before this one will not get them any more. */
  const last = async (...ids: readonly string[]): Promise<void> => {
    await touch(gateway, ids, 'Last');
  };

  it('2,500 changes that come at once reach those who read them, beside one who does not', async () => {
    const readers = await Promise.all(
      Array.from({ length: 3 }, async () => await subscriberOf('VIEWER', device.customer)),
    );
    const [dead, ...quick] = readers;
    await Promise.all(readers.map(async (reader) => await reader.watch('1', { ids: [device.id] })));
    dead?.socket.pause();
    await touch(gateway, [device.id], 'Many', 2_500);
    for (const reader of quick) {
      expect(await reader.receives('1', 2_500)).toHaveLength(2_500);
      expect(reader.closed).toBeUndefined();
    }
  });

  it('an update through the API comes with everything that was written; passwords for those who may read them', async () => {
    const manager = await subscriberOf('MANAGER', device.customer);
    const viewer = await subscriberOf('VIEWER', device.customer);
    await manager.watch('1', { ids: [device.id.toUpperCase()] }, EVERYTHING);
    await viewer.watch('1', {}, EVERYTHING);
    const token = await gateway.token('ADMIN', reseller);
    const input = { name: 'Renamed', wifi: { password: 'N3w-passw0rd' } };
    const { errors } = await gateway.query(UPDATE, { token, variables: { id: device.id, input } });
    expect(errors).toEqual([]);
    await last(device.id);

    const [first] = await manager.receives('1', 1);
    expect(first).toMatchObject({
      id: device.id,
      model: { name: 'NX-510' },
      customer: { id: device.customer },
      wifi: { ssid: 'SkyNet', password: 'N3w-passw0rd', password5G: 'SarahConner' },
      dhcp: { leaseTime: 10, reservedClients: [{ mac: '123456789013' }] },
      status: { networkType: 'NR' },
    });
    const [seen] = await viewer.receives('1', 1);
    expect(seen).toMatchObject({ id: device.id, wifi: { ssid: 'SkyNet', password: null, password5G: null } });
    expect(viewer.messages.every((sent) => sent.type !== 'next' || sent.payload.errors === undefined)).toBe(
      true,
    );
  });

  it('each change is an event of its own, also those that come while others are read', async () => {
    const subscriber = await subscriberOf('MANAGER', device.customer);
    await subscriber.watch('1');
    await Promise.all(Array.from({ length: 20 }, async () => await touch(gateway, [device.id])));
    await touch(gateway, [device.id], 'Three times', 3);
    expect(await subscriber.receives('1', 23)).toHaveLength(23);
  });

  it('what is rolled back, a dry run and an update without effect are no change', async () => {
    const subscriber = await subscriberOf('MANAGER', device.customer);
    await subscriber.watch('1');
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [device.id]);
    await client.query('ROLLBACK');
    client.release();
    const token = await gateway.token('MANAGER', device.customer);
    const same = { id: device.id, input: { name: 'Johns router' } };
    const dry = { id: device.id, input: { name: 'Never' }, dryRun: true };
    for (const variables of [same, dry]) await gateway.query(UPDATE, { token, variables });
    await last(device.id);
    expect(await subscriber.receives('1', 1)).toMatchObject([{ name: 'Last' }]);
  });

  it('filters by ids and by customer; an empty list, a foreign customer and what is no id match nothing', async () => {
    const sibling = await createDevice(gateway, { customer: device.customer });
    const other = await createDevice(gateway, { customer: await createCustomer(gateway, reseller) });
    const foreign = await createDevice(gateway);
    const subscriber = await subscriberOf('RESELLER', reseller);
    await subscriber.watch('one', { ids: [device.id, foreign.id, newId(), 'no id'] });
    await subscriber.watch('customer', { customer: device.customer });
    await subscriber.watch('both', { ids: [device.id, other.id], customer: other.customer });
    await subscriber.watch('all');
    await subscriber.watch('none', { ids: [] });
    await subscriber.watch('foreign', { customer: foreign.customer });
    await subscriber.watch('malformed', { customer: 'x' });
    await subscriber.watch('nulls', { ids: null, customer: null });
    const ids = [device.id, sibling.id, other.id, foreign.id];
    const touched = (id: string): unknown => ({ id, version: 2, name: 'Touched' });
    for (const id of ids) await touch(gateway, [id]);
    await subscriber.receives('all', 3);

    const heard = (id: string): unknown[] =>
      subscriber
        .events(id)
        .map((event) => ids.findIndex((known) => isDeepStrictEqual(event, touched(known))));
    expect(heard('all')).toEqual([0, 1, 2]);
    expect(heard('nulls')).toEqual([0, 1, 2]);
    expect(heard('one')).toEqual([0]);
    expect(heard('customer')).toEqual([0, 1]);
    expect(heard('both')).toEqual([2]);
    for (const id of ['none', 'foreign', 'malformed']) expect(heard(id)).toEqual([]);
  });

  it('a customer of its own hears nothing of others, and reach is checked when the change comes', async () => {
    const newReseller = await createCustomer(gateway);
    const above = await subscriberOf('RESELLER', reseller);
    const next = await subscriberOf('RESELLER', newReseller);
    const stranger = await subscriberOf('MANAGER', newReseller);
    for (const subscriber of [above, next, stranger]) await subscriber.watch('1', { ids: [device.id] });
    await touch(gateway, [device.id], 'Before');
    await above.receives('1', 1);
    await gateway.sql.query('UPDATE customer SET parent_reseller_id = $2 WHERE id = $1', [
      device.customer,
      newReseller,
    ]);
    await touch(gateway, [device.id], 'After');
    expect(await next.receives('1', 1)).toMatchObject([{ name: 'After' }]);
    expect(above.events('1')).toMatchObject([{ name: 'Before' }]);
    expect(stranger.events('1')).toEqual([]);
  });

  it('what a client completes is over, and its id can be used again', async () => {
    const subscriber = await subscriberOf('MANAGER', device.customer);
    await subscriber.watch('1');
    await subscriber.watch('2');
    const ended = (): number => gateway.logLines.filter((line) => line.includes('subscription ended')).length;
    const before = ended();
    subscriber.send({ id: '1', type: 'complete' });
    await expect.poll(ended).toBeGreaterThan(before);
    await touch(gateway, [device.id], 'Unheard');
    await subscriber.receives('2', 1);
    await subscriber.watch('1');
    await last(device.id);
    expect(await subscriber.receives('1', 1)).toMatchObject([{ name: 'Last' }]);
  });
});
