import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { connect, Subscriber, touch } from './subscriber.js';

const PASSWORD =
  'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { id name wifi { password } } }';

describe('equal subscriptions share their work', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  const open: Subscriber[] = [];
  beforeAll(async () => {
    gateway = await startTestGateway({ RATE_LIMIT: '0', PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  afterEach(() => {
    for (const subscriber of open.splice(0)) subscriber.close();
  });
  const connectWith = async (token: string): Promise<Subscriber> => {
    const subscriber = await connect(gateway, token);
    open.push(subscriber);
    return subscriber;
  };
  const started = (): number =>
    gateway.logLines.filter((line) => line.includes('subscription started')).length;
  /** Times that something went wrong in an execution: it is logged once for each. */
  const failures = (): number => gateway.logLines.filter((line) => line.includes('"request failed"')).length;

  it('1,000 of one subject: each gets every change once and in order', async () => {
    const token = await gateway.token('MANAGER', device.customer);
    const subscribers = await Promise.all(Array.from({ length: 10 }, async () => await connectWith(token)));
    const before = started();
    for (const subscriber of subscribers) {
      for (let index = 0; index < 100; index += 1) subscriber.subscribe(`s${index}`, { ids: [device.id] });
    }
    await expect.poll(started).toBe(before + 1_000);
    const names = Array.from({ length: 20 }, (_, index) => `Change ${index}`);
    for (const name of names) await touch(gateway, [device.id], name);
    for (const subscriber of subscribers) {
      for (const id of ['s0', 's42', 's99']) {
        expect(await subscriber.receives(id, names.length)).toHaveLength(names.length);
      }
      const versions = subscriber.events('s7').map((event) => z.object({ version: z.int() }).parse(event));
      expect(versions).toEqual(versions.toSorted((one, other) => one.version - other.version));
    }
  });

  it('an event is executed once for all of them, and by itself for every other', async () => {
    const broken = await createDevice(gateway, { customer: device.customer });
    await gateway.sql.query('UPDATE network_device SET wifi_password = wifi_password_5g WHERE id = $1', [
      broken.id,
    ]);
    const token = await gateway.token('MANAGER', device.customer);
    const subscribers = [await connectWith(token), await connectWith(token), await connectWith(token)];
    for (const subscriber of subscribers) {
      for (const id of ['1', '2', '3']) await subscriber.watch(id, { ids: [broken.id] }, PASSWORD);
    }
    await subscribers[0]?.watch('other ids', { ids: [broken.id, newId()] }, PASSWORD);
    await subscribers[1]?.watch('other text', { ids: [broken.id] }, `${PASSWORD} `);
    const before = failures();
    await touch(gateway, [broken.id]);
    for (const subscriber of subscribers) {
      for (const id of ['1', '2', '3']) expect(await subscriber.receives(id, 1)).toHaveLength(1);
    }
    await subscribers[0]?.receives('other ids', 1);
    await subscribers[1]?.receives('other text', 1);
    expect(failures() - before).toBe(3);
  });

  it('what one subject sees with other rights is its own', async () => {
    const issue = async (level: 'VIEWER' | 'OWNER', subject = 'somebody'): Promise<string> =>
      (await gateway.app.issuer?.issue({ subject, customerId: device.customer, level }, '5m')) ?? '';
    const owner = await connectWith(await issue('OWNER'));
    const viewer = await connectWith(await issue('VIEWER'));
    const another = await connectWith(await issue('OWNER', 'another'));
    for (const subscriber of [owner, viewer, another]) {
      await subscriber.watch('1', { ids: [device.id] }, PASSWORD);
    }
    gateway.logLines.length = 0;
    await touch(gateway, [device.id], 'Shared');
    const wifi = async (subscriber: Subscriber): Promise<unknown> =>
      z.object({ wifi: z.unknown() }).parse((await subscriber.receives('1', 1))[0]).wifi;
    expect(z.object({ password: z.string() }).safeParse(await wifi(owner)).success).toBe(true);
    expect(await wifi(another)).toEqual(await wifi(owner));
    expect(await wifi(viewer)).toEqual({ password: null });
    const reads = gateway.logLines.filter((line) => line.includes('wifi_password_read'));
    expect(reads).toHaveLength(2);
    for (const subject of ['somebody', 'another']) {
      expect(reads.filter((line) => line.includes(`"${subject}"`))).toHaveLength(1);
    }
  });

  it('each of them that shows passwords is written down', async () => {
    const token = await gateway.token('OWNER', device.customer);
    const subscriber = await connectWith(token);
    for (const id of ['1', '2', '3']) await subscriber.watch(id, { ids: [device.id] }, PASSWORD);
    gateway.logLines.length = 0;
    await touch(gateway, [device.id], 'Read');
    for (const id of ['1', '2', '3']) await subscriber.receives(id, 1);
    const read = z.object({ event: z.literal('wifi_password_read'), requestId: z.string() });
    const requests = gateway.logLines.flatMap((line) => {
      const parsed = read.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data.requestId] : [];
    });
    expect(new Set(requests).size).toBe(3);
    expect(requests).toHaveLength(3);
  });

  it('a subject watches at most 100,000 devices; others, and what is watched already, do not count', async () => {
    const token = await gateway.token('MANAGER', device.customer);
    const first = await connectWith(token);
    const manyIds = Array.from({ length: 100 }, () => Array.from({ length: 1_000 }, newId));
    for (const [index, ids] of manyIds.entries()) await first.watch(`s${index}`, { ids });
    const second = await connectWith(token);
    second.subscribe('one more', { ids: [newId()] });
    expect((await second.error('one more')).extensions).toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
    });
    await second.watch('the same', { ids: manyIds[0] });
    const other = await connectWith(await gateway.token('OWNER', device.customer));
    await other.watch('1', { ids: [newId()] });
    first.close();
    const before = started();
    const again = (): number => {
      const id = newId();
      second.subscribe(id, { ids: [id] });
      return started();
    };
    await expect.poll(again, { interval: 200 }).toBeGreaterThan(before);
  });
});
