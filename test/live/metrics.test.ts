import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { connect, Subscriber, touch, WATCH } from './subscriber.js';

/** How often an operation ended so, or an error was told. */
type Count = (metric: string) => Promise<number>;

describe('operations over WebSocket are counted when they end or are refused', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  const open: Subscriber[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  afterEach(() => {
    for (const subscriber of open.splice(0)) subscriber.close();
  });

  const connected = async (value = token): Promise<Subscriber> => {
    const subscriber = await connect(gateway, value);
    open.push(subscriber);
    return subscriber;
  };
  /** How much metrics have risen since. */
  const since = async (): Promise<Count> => {
    const before = await metricsOf(gateway);
    return async (metric) => ((await metricsOf(gateway)).get(metric) ?? 0) - (before.get(metric) ?? 0);
  };
  const operations = (type: string, outcome: string): string =>
    `graphql_operations_total{type="${type}",outcome="${outcome}"}`;
  const errors = (code: string): string => `errors_total{code="${code}"}`;
  /** All operations that were counted, whatever became of them. */
  const total = async (): Promise<number> =>
    [...(await metricsOf(gateway))]
      .filter(([metric]) => metric.startsWith('graphql_operations_total'))
      .reduce((sum, [, value]) => sum + value, 0);

  it('one that its client ends, by a message or with the connection, ended well; before that it counts for nothing', async () => {
    const rise = await since();
    const subscriber = await connected();
    await subscriber.watch('1');
    await subscriber.watch('2');
    await touch(gateway, [device.id]);
    await subscriber.receives('2', 1);
    expect(await rise(operations('subscription', 'OK'))).toBe(0);
    subscriber.send({ id: '1', type: 'complete' });
    await expect.poll(async () => await rise(operations('subscription', 'OK'))).toBe(1);
    subscriber.close();
    await expect.poll(async () => await rise(operations('subscription', 'OK'))).toBe(2);
  });

  it.each([
    ['a query', '{ viewer { id } }', {}, 'query', 'BAD_REQUEST'],
    ['a mutation', 'mutation { retryProvisioning(id: "x") { id } }', {}, 'mutation', 'BAD_REQUEST'],
    ['what cannot be read', 'subscription {', {}, 'unknown', 'GRAPHQL_PARSE_FAILED'],
    ['what is not valid', 'subscription { nope }', {}, 'unknown', 'GRAPHQL_VALIDATION_FAILED'],
    ['variables that do not fit', WATCH, { ids: 7.5 }, 'subscription', 'BAD_USER_INPUT'],
    ['a filter beyond its limit', WATCH, { ids: Array(1_001).fill('x') }, 'subscription', 'INVALID_VALUE'],
  ])('%s is refused with its code', async (_, query, variables, type, code) => {
    const rise = await since();
    const before = await total();
    const subscriber = await connected();
    subscriber.subscribe('1', variables, query);
    expect((await subscriber.error('1')).extensions.code).toBe(code);
    subscriber.close();
    expect(await rise(operations(type, code))).toBe(1);
    expect(await rise(errors(code))).toBe(1);
    await expect.poll(total).toBe(before + 1);
  });

  it('strangers, and those who may not', async () => {
    const rise = await since();
    const forbidden = await connected(await gateway.token('PERSONAL', device.customer));
    forbidden.subscribe('1');
    await forbidden.error('1');
    const stranger = await Subscriber.connect(gateway, undefined);
    open.push(stranger);
    stranger.subscribe('1');
    await stranger.error('1');
    expect(await rise(operations('subscription', 'ACCESS_DENIED'))).toBe(1);
    expect(await rise(operations('subscription', 'UNAUTHENTICATED'))).toBe(1);
    expect(await rise(errors('UNAUTHENTICATED'))).toBe(1);
  });

  it('one that is refused before it is read: the 101st of a connection', async () => {
    const rise = await since();
    const subscriber = await connected();
    for (let index = 0; index <= 100; index += 1) subscriber.subscribe(`s${index}`);
    await subscriber.error('s100');
    expect(await rise(operations('unknown', 'OVERLOADED'))).toBe(1);
    subscriber.close();
    await expect.poll(async () => await rise(operations('subscription', 'OK'))).toBe(100);
  });

  it('one whose token expires', async () => {
    const rise = await since();
    const subscriber = await connected(await gateway.token('MANAGER', device.customer, '2s'));
    await subscriber.watch('1');
    await subscriber.error('1');
    subscriber.close();
    expect(await rise(operations('subscription', 'UNAUTHENTICATED'))).toBe(1);
    expect(await rise(operations('subscription', 'OK'))).toBe(0);
  });

  it('an error in an event counts as an error; the operation goes on', async () => {
    const broken = await createDevice(gateway, { customer: device.customer });
    const moved = 'UPDATE network_device SET wifi_password = wifi_password_5g WHERE id = $1';
    expect((await gateway.sql.query(moved, [broken.id])).rowCount).toBe(1);
    const rise = await since();
    const subscriber = await connected();
    await subscriber.watch('1', {}, 'subscription { networkDeviceChanged { id wifi { password } } }');
    await touch(gateway, [broken.id]);
    await subscriber.receives('1', 1);
    expect(await rise(errors('INTERNAL_ERROR'))).toBe(1);
    expect(await rise(operations('subscription', 'INTERNAL_ERROR'))).toBe(0);
    await touch(gateway, [broken.id]);
    expect(await subscriber.receives('1', 2)).toHaveLength(2);
  });
});
