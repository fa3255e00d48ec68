import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { keyedUpdate } from './keyed.js';

describe('what the database holds of idempotency keys', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('is nothing that can be read, or guessed from without the key ring', async () => {
    const device = await createDevice(gateway);
    const [key, password] = ['key-of-the-portal', '12345678'];
    const call = { key, input: { wifi: { password } } };
    expect((await keyedUpdate(gateway, device, call)).codes).toEqual([]);
    const { rows } = await gateway.sql.query<{ dump: string }>(
      `SELECT (SELECT string_agg(k::text, ' ') FROM idempotency_key k) || (SELECT sealed FROM idempotency_secret) AS dump`,
    );
    const dump = rows[0]?.dump ?? '';
    expect(dump).toContain(device.id);
    const guesses = [key, password, 'test-OWNER', JSON.stringify(call.input)].flatMap((text) => [
      text,
      createHash('sha256').update(text).digest('hex'),
      createHash('sha256').update(text).digest('base64url'),
    ]);
    expect(guesses.filter((guess) => dump.includes(guess))).toEqual([]);
  });

  it('is the same secret for two that start at once', async () => {
    const twins = await Promise.all([gateway.startTwin(), gateway.startTwin()]);
    for (const twin of twins) await twin.stop();
    expect((await gateway.sql.query('SELECT FROM idempotency_secret')).rowCount).toBe(1);
  });
});
