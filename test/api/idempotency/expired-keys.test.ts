import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { keyedUpdate } from './keyed.js';

describe('idempotency keys whose time is over', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ IDEMPOTENCY_HOURS: '0.5' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('are removed by the workers and counted, and others stay', async () => {
    const device = await createDevice(gateway);
    const [old, young] = [newId(), newId()];
    for (const key of [old, young]) await keyedUpdate(gateway, device, { key, input: { notes: key } });
    await gateway.sql.query(
      `UPDATE idempotency_key SET created_at = created_at - interval '31 minutes'
       WHERE created_at = (SELECT min(created_at) FROM idempotency_key)`,
    );
    const count = async (): Promise<number | null> =>
      (await gateway.sql.query('SELECT FROM idempotency_key')).rowCount;
    await expect.poll(count, { interval: 250 }).toBe(1);
    expect((await keyedUpdate(gateway, device, { key: young, input: { notes: young } })).codes).toEqual([]);
    expect((await keyedUpdate(gateway, device, { key: old, input: { notes: 'free' } })).codes).toEqual([]);
    const metrics = await (await fetch(new URL('/metrics', gateway.url))).text();
    expect(metrics).toContain('device_gateway_removed_total{what="idempotency_keys"} 1');
  });
});
