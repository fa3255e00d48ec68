import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway, type Twin } from '../support/gateway.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { size } from '../support/sizes.js';
import { connect, Subscriber, touch } from './subscriber.js';

const UPDATE = `mutation ($id: ID!, $notes: String!) { updateNetworkDevice(id: $id, input: { notes: $notes }) { version } }`;
const CHANGES = size(1_000, 400);

/** Changes a device again and again, one after the other. */
async function touchTimes(gateway: TestGateway, id: string, times: number): Promise<void> {
  for (let count = 1; count <= times; count++) await touch(gateway, [id], `Change ${count}`);
}

const AWAY = 'the connection that hears of changes is away';

describe('two gateways on one database', () => {
  let gateway: TestGateway;
  let twin: Twin;
  beforeAll(async () => {
    gateway = await startTestGateway();
    twin = await gateway.startTwin();
  });
  afterAll(async () => {
    await twin.stop();
    await gateway.stop();
  });

  it(`of ${CHANGES} changes at both, subscribers of either miss none; a customer who may not sees none`, async () => {
    const device = await createDevice(gateway);
    const others = [await createDevice(gateway), await createDevice(gateway)];
    const token = await gateway.token('MANAGER', device.customer);
    const stranger = await gateway.token('MANAGER', others[0]?.customer ?? '');
    const here = await connect(gateway, token);
    const there = await Subscriber.connect(twin, { authorization: `Bearer ${token}` });
    const outside = await Subscriber.connect(twin, { authorization: `Bearer ${stranger}` });
    await here.watch('1');
    await there.watch('1', { ids: [device.id] });
    await outside.watch('1', { ids: [device.id] });
    const urls = [gateway.url, twin.url];
    const change = async (count: number): Promise<void> => {
      const response = await fetch(urls[count % 2] ?? '', {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query: UPDATE, variables: { id: device.id, notes: `Change ${count}` } }),
      });
      expect(await response.json()).not.toHaveProperty('errors');
    };
    const clients = Array.from({ length: 4 }, async (_, client) => {
      for (let count = client; count < CHANGES; count += 4) await change(count);
    });
    await Promise.all(clients);
    for (const subscriber of [here, there]) {
      const events = await subscriber.receives('1', CHANGES);
      expect(events).toHaveLength(CHANGES);
      expect(events.at(-1)).toMatchObject({ id: device.id, version: CHANGES + 1 });
    }
    // What would have come has come by the time that this one does.
    await touch(gateway, [device.id], 'Last');
    await there.receives('1', CHANGES + 1);
    expect(outside.events('1')).toEqual([]);
    for (const subscriber of [here, there, outside]) subscriber.close();
  });
});

describe('the connection that hears of changes breaks, and no subscriber notices', () => {
  let proxy: TcpProxy;
  let gateway: TestGateway;
  let device: TestDevice;
  let subscriber: Subscriber;
  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    gateway = await startTestGateway({}, proxy.port);
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.close();
  });
  beforeEach(async () => {
    gateway.logLines.length = 0;
    device = await createDevice(gateway);
    subscriber = await connect(gateway, await gateway.token('MANAGER', device.customer));
    await subscriber.watch('1');
  });
  afterEach(() => subscriber.close());

  const isAway = (): boolean => gateway.logLines.some((line) => line.includes(AWAY));

  it('ended by the server, again and again, while changes happen', async () => {
    const changing = touchTimes(gateway, device.id, 150);
    for (let times = 0; times < 3; times++) {
      await delay(40);
      await gateway.sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'device-gateway-listener' AND datname = current_database()`,
      );
    }
    await changing;
    await expect.poll(isAway).toBe(true);
    expect(await subscriber.receives('1', 150)).toHaveLength(150);
  });

  it('cut on the way, with the whole database', async () => {
    await touchTimes(gateway, device.id, 10);
    await proxy.close();
    await touchTimes(gateway, device.id, 20);
    await expect.poll(isAway).toBe(true);
    await proxy.open();
    expect(await subscriber.receives('1', 30)).toHaveLength(30);
    await touch(gateway, [device.id], 'Well again');
    expect((await subscriber.receives('1', 31)).at(-1)).toMatchObject({ name: 'Well again' });
    expect(subscriber.closed).toBeUndefined();
  });

  it('silent, without an end that anybody could see', async () => {
    proxy.pause();
    await touchTimes(gateway, device.id, 20);
    await expect.poll(isAway).toBe(true);
    expect(subscriber.events('1')).toEqual([]);
    proxy.resume();
    expect(await subscriber.receives('1', 20)).toHaveLength(20);
  });
});
