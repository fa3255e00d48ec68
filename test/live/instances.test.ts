import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway, type Twin } from '../support/gateway.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { connect, Subscriber, touch } from './subscriber.js';

const UPDATE = `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "At the other one" }) { version } }`;

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

  it('a change at one reaches the subscribers of both; of 200, by four clients, none is lost', async () => {
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    const here = await connect(gateway, token);
    const there = await Subscriber.connect(twin, { authorization: `Bearer ${token}` });
    await here.watch('1');
    await there.watch('1', { ids: [device.id] });
    const { errors } = await gateway.query(UPDATE, { token, variables: { id: device.id } });
    expect(errors).toEqual([]);
    const writers = Array.from({ length: 4 }, async () => await touchTimes(gateway, device.id, 50));
    await Promise.all(writers);
    const { rows } = await gateway.sql.query<{ count: number }>(
      'SELECT count(*)::integer AS count FROM device_change WHERE device_id = $1',
      [device.id],
    );
    const changes = rows[0]?.count ?? 0;
    expect(changes).toBeGreaterThanOrEqual(200);
    expect(await there.receives('1', changes)).toHaveLength(changes);
    expect(await here.receives('1', changes)).toHaveLength(changes);
    expect(there.events('1').at(-1)).toMatchObject({ id: device.id, name: 'Change 50' });
    here.close();
    there.close();
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
    proxy.isFrozen = true;
    await touchTimes(gateway, device.id, 20);
    await expect.poll(isAway, { timeout: 10_000 }).toBe(true);
    expect(subscriber.events('1')).toEqual([]);
    proxy.isFrozen = false;
    expect(await subscriber.receives('1', 20)).toHaveLength(20);
  });
});
