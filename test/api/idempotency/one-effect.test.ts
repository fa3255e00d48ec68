import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway, type Twin } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';
import { effectsOn, keyedRetry, keyedUpdate } from './keyed.js';

const KEY_1 = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const KEY_2 = `k2:${Buffer.alloc(32, 2).toString('base64')}`;

describe('calls with one idempotency key have one effect', () => {
  let gateway: TestGateway;
  let twin: Twin;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', WIFI_SECRET_KEYS: `${KEY_1},${KEY_2}` });
    twin = await gateway.startTwin({ WIFI_SECRET_KEYS: `${KEY_2},${KEY_1}` });
  });
  afterAll(async () => {
    await twin.stop();
    await gateway.stop();
  });

  it('fifty at once over two instances whose rings begin with different keys', async () => {
    const device = await createDevice(gateway);
    const input = { name: 'Once', wifi: { ssid: 'Once', password: 'OnceAndOnly' } };
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const url = index % 2 === 0 ? gateway.url : twin.url;
        return await keyedUpdate(gateway, device, { key: `at once ${device.id}`, input, url });
      }),
    );
    expect(outcomes.flatMap(({ codes }) => codes)).toEqual([]);
    const [first] = outcomes;
    expect(first?.device).toMatchObject({ id: device.id, version: 2, name: 'Once', wifi: { ssid: 'Once' } });
    for (const outcome of outcomes) expect(outcome).toEqual(first);
    expect(await effectsOn(gateway, device)).toEqual({ version: 2, jobs: 1, audited: 1, keys: 1 });
  });

  it('two of one turn of the event loop, which come to one statement', async () => {
    const [device, other] = [await createDevice(gateway), await createDevice(gateway)];
    const key = newId();
    const calls = [device, device, other].map(
      async (one) =>
        await keyedUpdate(gateway, one, { key: one === other ? newId() : key, input: { notes: 'x' } }),
    );
    for (const { device: answered, codes } of await Promise.all(calls)) {
      expect(codes).toEqual([]);
      expect(answered).toMatchObject({ version: 2, notes: 'x' });
    }
    expect(await effectsOn(gateway, device)).toEqual({ version: 2, jobs: 0, audited: 1, keys: 1 });
    expect(await effectsOn(gateway, other)).toEqual({ version: 2, jobs: 0, audited: 1, keys: 1 });
  });

  it('one key for two devices at once: one of them is changed, the other gets IDEMPOTENCY_KEY_REUSED', async () => {
    for (let round = 0; round < 5; round += 1) {
      const devices = [await createDevice(gateway), await createDevice(gateway)];
      const token = await gateway.token('ADMIN', newId());
      const key = newId();
      const outcomes = await Promise.all(
        devices.map(
          async (device, index) =>
            await keyedUpdate(gateway, device, {
              ...{ key, token, input: { notes: 'x' } },
              url: index === 0 ? gateway.url : twin.url,
            }),
        ),
      );
      expect(outcomes.flatMap(({ codes }) => codes)).toEqual(['IDEMPOTENCY_KEY_REUSED']);
      const effects = await Promise.all(devices.map(async (device) => await effectsOn(gateway, device)));
      expect(effects).toEqual(
        outcomes.map(({ device }) =>
          device === null
            ? { version: 1, jobs: 0, audited: 0, keys: 0 }
            : { version: 2, jobs: 0, audited: 1, keys: 1 },
        ),
      );
    }
  });

  it('a repeat answers with the device as it is now, whatever version it expects and whoever has the address', async () => {
    const device = await createDevice(gateway);
    const call = { key: newId(), input: { macAddress: newMac(), name: 'First' }, expectedVersion: 1 };
    const first = await keyedUpdate(gateway, device, call);
    expect(first.device).toMatchObject({ version: 2 });
    await keyedUpdate(gateway, device, { input: { name: 'Later' } });
    const repeat = await keyedUpdate(gateway, device, call);
    expect(repeat).toMatchObject({ codes: [], device: { version: 3, name: 'Later' } });
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [device.id]);
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual([]);
    expect((await keyedUpdate(gateway, device, { ...call, key: newId() })).codes).toEqual([
      'DEVICE_DELETING',
    ]);
  });

  it('a repeat costs one statement, a first call one more than without a key at most', async () => {
    const device = await createDevice(gateway);
    const call = { key: newId(), input: { name: 'Counted' } };
    const token = await gateway.token('OWNER', device.customer);
    const spy = spyOnStatements();
    try {
      await keyedUpdate(gateway, device, { ...call, token });
      expect(spy.texts().length).toBeLessThanOrEqual(3);
      spy.clear();
      await keyedUpdate(gateway, device, { ...call, token });
      expect(spy.texts()).toHaveLength(1);
      spy.clear();
      await keyedUpdate(gateway, device, { input: { name: 'Without' }, token });
      expect(spy.texts()).toHaveLength(2);
      expect(spy.texts().filter((text) => text.includes('idempotency_key ('))).toEqual([]);
    } finally {
      spy.restore();
    }
  });

  it('an update that changes nothing keeps its key', async () => {
    const device = await createDevice(gateway);
    const call = { key: newId(), input: { name: 'Johns router' } };
    expect((await keyedUpdate(gateway, device, call)).device).toMatchObject({ version: 1 });
    expect(await effectsOn(gateway, device)).toEqual({ version: 1, jobs: 0, audited: 0, keys: 1 });
    await keyedUpdate(gateway, device, { input: { name: 'Other' } });
    expect((await keyedUpdate(gateway, device, call)).device).toMatchObject({ version: 2, name: 'Other' });
  });

  it('a retry', async () => {
    const device = await createDevice(gateway);
    const key = newId();
    await Promise.all(Array.from({ length: 5 }, async () => await keyedRetry(gateway, device, key)));
    expect(await effectsOn(gateway, device)).toEqual({ version: 1, jobs: 1, audited: 1, keys: 1 });
    expect((await keyedUpdate(gateway, device, { key, input: {} })).codes).toEqual([
      'IDEMPOTENCY_KEY_REUSED',
    ]);
  });

  it('whoever is made to wait for a locked row finds the key', async () => {
    const device = await createDevice(gateway);
    const call = { key: newId(), input: { name: 'Crowded' }, expectedVersion: 1 };
    const rivals = Array.from({ length: 20 }, async (_, index) => {
      await keyedUpdate(gateway, device, { input: { notes: `Rival ${index}` } });
    });
    const calls = Array.from({ length: 20 }, async () => await keyedUpdate(gateway, device, call));
    const outcomes = await Promise.all(calls);
    await Promise.all(rivals);
    const kinds = new Set(outcomes.map(({ codes }) => codes.join(',')));
    expect([...kinds]).toHaveLength(1);
  });
});
