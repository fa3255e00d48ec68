import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { EventReader } from './event-reader.js';
import { connect, touch } from './subscriber.js';

/** Some 80 kB an event, so that the buffers of the operating system are full soon. */
const BULKY = `subscription { networkDeviceChanged { ${Array.from({ length: 20 }, (_, index) => `n${index}: notes`).join(' ')} } }`;

describe('a stream of events ends with a reason', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    // A client that a test lets read again is not gone before, however busy the machine is.
    gateway = await startTestGateway({ RATE_LIMIT: '0' }, undefined, { pingMs: 60_000, closeMs: 10_000 });
  });
  beforeEach(async () => {
    device = await createDevice(gateway, { notes: 'x'.repeat(4_096) });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const count = async (name: string): Promise<number> => (await metricsOf(gateway)).get(name) ?? 0;
  const tokenFor = async (ttl = '5m'): Promise<string> =>
    await gateway.token('MANAGER', device.customer, ttl);

  it('with UNAUTHENTICATED when its token expires', async () => {
    const token = await tokenFor('3s');
    const reader = await EventReader.watch(gateway, { token });
    await touch(gateway, [device.id]);
    await reader.receives(1);
    expect(await reader.error()).toMatchObject({
      path: ['networkDeviceChanged'],
      extensions: { code: 'UNAUTHENTICATED', rest: { code: 401, message: 'expired' } },
    });
    expect(reader.events).toHaveLength(3);
    expect(await count('event_streams_open')).toBe(0);
  });

  it('with OVERLOADED when its client does not read, and with the connection when it reads no more; others go on', async () => {
    const slow = await EventReader.watch(gateway, { token: await tokenFor(), query: BULKY });
    const quick = await EventReader.watch(gateway, { token: await tokenFor() });
    const overloaded = 'graphql_operations_total{type="subscription",outcome="OVERLOADED"}';
    const before = await count(overloaded);
    let changes = 0;
    const change = async (times: number): Promise<void> => {
      changes += times;
      await touch(gateway, [device.id], 'Bulky', times);
      await quick.receives(changes);
    };
    slow.response.pause();
    // More than 1,000 wait for it for ten seconds at most; the sockets' buffers take some hundred.
    await change(1_500);
    // It is behind the other one, whose end it does not see.
    const dead = await EventReader.watch(gateway, { token: await tokenFor(), query: `${BULKY} ` });
    dead.response.pause();
    // What is left of a stream that has ended waits for ten seconds.
    const resume = async (): Promise<void> => {
      await expect.poll(async () => await count(overloaded), { timeout: 150_000 }).toBeGreaterThan(before);
      slow.response.resume();
    };
    const changeUntilBothEnd = async (): Promise<void> => {
      await change(1_500);
      // More until they wait for both: how much the buffers of sockets take differs.
      for (let beats = 0; (await count(overloaded)) < before + 2; beats += 1) {
        expect(beats).toBeLessThan(100);
        await change(100);
        await delay(500);
      }
    };
    await Promise.all([resume(), changeUntilBothEnd()]);
    expect((await slow.error()).extensions).toMatchObject({ code: 'OVERLOADED', retryable: true });
    await expect.poll(async () => await count('event_streams_open')).toBe(1);
    await touch(gateway, [device.id]);
    expect(await quick.receives(changes + 1)).toHaveLength(changes + 1);
    for (const reader of [dead, quick]) reader.close();
    await expect.poll(async () => await count('event_streams_open')).toBe(0);
  }, 240_000);

  it('for one whose client leaves: nothing of it is left', async () => {
    const token = await tokenFor();
    const readers = await Promise.all(
      Array.from({ length: 20 }, async () => await EventReader.open(gateway, { token })),
    );
    await expect.poll(async () => await count('event_streams_open')).toBe(20);
    await expect.poll(async () => await count('subscriptions_open')).toBe(20);
    for (const reader of readers) reader.close();
    await expect.poll(async () => await count('event_streams_open')).toBe(0);
    expect(await count('subscriptions_open')).toBe(0);
  });

  it('as soon as the server stops, also when nobody reads it; the stop does not wait, and no stream begins', async () => {
    // A stop that waited for its streams would not be over before the test is.
    const other = await startTestGateway({ SHUTDOWN_GRACE_MS: '600000' });
    const bulky = await createDevice(other, { notes: 'x'.repeat(4_096) });
    const token = await other.token('MANAGER', bulky.customer);
    const polite = await EventReader.watch(other, { token, variables: { ids: [] } });
    const dumb = await EventReader.watch(other, { token, query: BULKY });
    dumb.response.pause();
    await touch(other, [bulky.id], 'Bulky', 300);
    await delay(1_000);
    await other.stop();
    await expect.poll(() => polite.isClosed).toBe(true);
    // Its client is to come back elsewhere, which it does not when the operation is complete.
    expect(polite.events).toEqual([]);
    dumb.close();
  });

  it('a comment comes again and again while nothing happens; a client that has not read the one before is gone', async () => {
    const lively = await startTestGateway({}, undefined, { pingMs: 500 });
    const bulky = await createDevice(lively, { notes: 'x'.repeat(4_096) });
    const token = await lively.token('MANAGER', bulky.customer);
    const reader = await EventReader.watch(lively, { token });
    const dead = await EventReader.watch(lively, { token, query: BULKY });
    dead.response.pause();
    await touch(lively, [bulky.id], 'Bulky', 500);
    await reader.receives(500);
    await expect.poll(async () => (await metricsOf(lively)).get('event_streams_open')).toBe(1);
    const before = reader.comments;
    await expect.poll(() => reader.comments).toBeGreaterThan(before + 2);
    expect(reader.isClosed).toBe(false);
    for (const one of [reader, dead]) one.close();
    await lively.stop();
  });
});

describe('streams of events and WebSockets have the same budgets and share their work', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ RATE_LIMIT: '0' });
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const inHundreds = async (total: number, each: (index: number) => Promise<unknown>): Promise<void> => {
    for (let done = 0; done < total; done += 100) {
      await Promise.all(Array.from({ length: 100 }, async (_, index) => await each(done + index)));
    }
  };

  it('connections of a subject: one beyond 2,000 is 503 in JSON, while others come in', async () => {
    const closing: (() => void)[] = [];
    await inHundreds(500, async () => {
      const subscriber = await connect(gateway, token);
      subscriber.subscribe('1', { ids: [] });
      closing.push(() => subscriber.close());
    });
    await inHundreds(1_500, async () => {
      const reader = await EventReader.open(gateway, { token, variables: { ids: [] } });
      closing.push(() => reader.close());
    });
    await expect.poll(async () => (await metricsOf(gateway)).get('subscriptions_open')).toBe(2_000);
    const refused = await EventReader.open(gateway, { token });
    expect(refused.response.statusCode).toBe(503);
    expect(refused.response.headers).toMatchObject({ 'retry-after': '5' });
    expect(refused.response.headers['content-type']).toMatch(/^application\/json/);
    await expect.poll(() => refused.text).toContain('"OVERLOADED"');
    const other = await EventReader.watch(gateway, { token: await gateway.token('VIEWER', device.customer) });
    other.close();
    for (const close of closing) close();
    await expect.poll(async () => (await metricsOf(gateway)).get('event_streams_open')).toBe(0);
    await inHundreds(600, async () => {
      const again = await EventReader.open(gateway, { token, variables: { ids: [] } });
      expect(again.response.statusCode).toBe(200);
      again.close();
    });
  });

  it('watched devices of a subject: OVERLOADED, as an event', async () => {
    const subscriber = await connect(gateway, token);
    const ids = Array.from({ length: 1_000 }, newId);
    // Each other list, so that none is shared.
    for (let index = 0; index < 100; index += 1) {
      subscriber.subscribe(`s${index}`, { ids: [...ids.slice(1), newId()] });
    }
    await expect.poll(async () => (await metricsOf(gateway)).get('subscriptions_open')).toBe(100);
    const refused = await EventReader.open(gateway, { token, variables: { ids: [newId()] } });
    expect((await refused.error()).extensions).toMatchObject({ code: 'OVERLOADED', retryable: true });
    subscriber.close();
  });

  it('an event is executed once for equal subscriptions of both', async () => {
    const PASSWORD = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { wifi { password } } }';
    await gateway.sql.query('UPDATE network_device SET wifi_password = wifi_password_5g WHERE id = $1', [
      device.id,
    ]);
    const variables = { ids: [device.id] };
    const subscriber = await connect(gateway, token);
    await subscriber.watch('1', variables, PASSWORD);
    const readers = [
      await EventReader.watch(gateway, { token, query: PASSWORD, variables }),
      await EventReader.watch(gateway, { token, query: PASSWORD, variables, method: 'GET' }),
    ];
    // Times that something went wrong in an execution: it is logged once for each.
    const failures = (): number =>
      gateway.logLines.filter((line) => line.includes('"request failed"')).length;
    const before = failures();
    await touch(gateway, [device.id]);
    await subscriber.receives('1', 1);
    for (const reader of readers) await reader.receives(1);
    await delay(50);
    expect(failures() - before).toBe(1);
    for (const reader of readers) reader.close();
    subscriber.close();
  });

  it('a stream counts as a request until it begins, and as an open stream from then on', async () => {
    const requests = 'http_request_duration_seconds_count{method="POST",route="/graphql",status="2xx"}';
    const read = async (name: string): Promise<number> => (await metricsOf(gateway)).get(name) ?? 0;
    const before = await read(requests);
    const reader = await EventReader.watch(gateway, { token });
    expect(await read(requests)).toBe(before + 1);
    // The request for the metrics itself.
    expect(await read('http_requests_in_flight')).toBe(1);
    expect(await read('event_streams_open')).toBe(1);
    reader.close();
    await expect.poll(async () => await read('event_streams_open')).toBe(0);
    expect(await read(requests)).toBe(before + 1);
  });
});
