import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { connect, type Subscriber, touch } from './subscriber.js';

/** Some 80 kB an event, so that the buffers of the operating system are full soon. */
const BULKY = `subscription { networkDeviceChanged { ${Array.from({ length: 20 }, (_, index) => `n${index}: notes`).join(' ')} } }`;

describe('a subscription ends with a reason', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    // A client that a test lets read again is not gone before, however busy the machine is.
    gateway = await startTestGateway({}, undefined, { pingMs: 60_000, closeMs: 10_000 });
  });
  // One for each test: what the test before changed last may be told only now.
  beforeEach(async () => {
    device = await createDevice(gateway, { notes: 'x'.repeat(4_096) });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const subscriberFor = async (ttl: string): Promise<Subscriber> =>
    await connect(gateway, await gateway.token('MANAGER', device.customer, ttl));

  it('with UNAUTHENTICATED when its token expires; the connection stays, and answers the same to a new one', async () => {
    const subscriber = await subscriberFor('3s');
    await subscriber.watch('1');
    await touch(gateway, [device.id]);
    await subscriber.receives('1', 1);
    const error = await subscriber.error('1');
    expect(error).toMatchObject({
      path: ['networkDeviceChanged'],
      extensions: { code: 'UNAUTHENTICATED', rest: { code: 401, message: 'expired' } },
    });
    await touch(gateway, [device.id]);
    subscriber.subscribe('2');
    expect((await subscriber.error('2')).extensions.rest.message).toBe('expired');
    expect(subscriber.events('1')).toHaveLength(1);
    expect(subscriber.closed).toBeUndefined();
    subscriber.close();
  });

  it('with OVERLOADED and the end of the connection when its client does not read; others go on', async () => {
    const [slow, quick] = [await subscriberFor('5m'), await subscriberFor('5m')];
    await slow.watch('1', {}, BULKY);
    await quick.watch('1');
    const ended = (): number => gateway.logLines.filter((line) => line.includes('subscription ended')).length;
    const before = ended();
    slow.socket.pause();
    // What a connection that ends has yet to send waits for ten seconds.
    const resume = async (): Promise<void> => {
      await expect.poll(ended, { timeout: 150_000 }).toBeGreaterThan(before);
      slow.socket.resume();
    };
    let changes = 0;
    const changeUntilItEnds = async (): Promise<void> => {
      while (ended() === before) {
        // The queue holds 5,000, the sockets' buffers a few thousand.
        expect(changes).toBeLessThan(12_000);
        changes += 500;
        await touch(gateway, [device.id], 'Bulky', 500);
        await quick.receives('1', changes);
      }
    };
    await Promise.all([resume(), changeUntilItEnds()]);
    const outcome = 'graphql_operations_total{type="subscription",outcome="OVERLOADED"}';
    expect((await metricsOf(gateway)).get(outcome)).toBe(1);
    expect((await slow.error('1')).extensions).toMatchObject({ code: 'OVERLOADED', retryable: true });
    await expect
      .poll(() => slow.closed)
      .toEqual({ code: 1013, reason: 'Changes come faster than this client reads them.' });
    await touch(gateway, [device.id]);
    expect(await quick.receives('1', changes + 1)).toHaveLength(changes + 1);
    quick.close();
  });

  it('when the server stops: 1001, also for a client that does not answer, and the stop ends', async () => {
    const other = await startTestGateway();
    const token = await other.token('ADMIN', device.customer);
    const [polite, dumb] = [await connect(other, token), await connect(other, token)];
    for (const subscriber of [polite, dumb]) await subscriber.watch('1');
    dumb.socket.pause();
    await other.stop();
    expect(polite.closed).toEqual({ code: 1001, reason: 'Going away' });
    dumb.close();
  });
});
