import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { create, createModel } from '../create-network-device/create.js';
import { keyedUpdate } from './keyed.js';

/** Every row of every table. */
async function dumpOf({ sql }: TestGateway): Promise<string> {
  const { rows: tables } = await sql.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema()`,
  );
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await sql.query<{ dump: string | null }>(
        `SELECT string_agg(t::text, ' ') AS dump FROM ${name} t`,
      );
      return rows[0]?.dump ?? '';
    }),
  );
  return dumps.join('\n');
}

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
    const token = await gateway.token('OWNER', device.customer);
    const model = await createModel(gateway);
    const [key, password] = ['key-of-the-portal', '48151623'];
    const wifi = { enabled: true, ssid: 'Dumped', password };
    expect((await keyedUpdate(gateway, device, { key, input: { wifi } })).codes).toEqual([]);
    const created = await create(gateway, token, { model, wifi }, false, `${key} 2`);
    expect(created.errors).toEqual([]);
    const dump = await dumpOf(gateway);
    expect(dump).toContain(device.id);
    const calls = [{ wifi }, { id: device.id, input: { wifi } }].map((args) => JSON.stringify(args));
    const texts = [key, password, 'test-OWNER', `test-OWNER${key}`, `test-OWNER:${key}`, ...calls];
    const guesses = texts.flatMap((text) => [
      text,
      ...['md5', 'sha1', 'sha256', 'sha512'].flatMap((algorithm) => {
        const digest = createHash(algorithm).update(text).digest();
        return [digest.toString('hex'), digest.toString('base64'), digest.toString('base64url')];
      }),
    ]);
    // The subject itself stands in the audit trail.
    expect(guesses.filter((guess) => dump.includes(guess))).toEqual(['test-OWNER']);
  });

  it('is of no use with the secret of another database', async () => {
    const other = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    try {
      const id = newId();
      const call = { key: 'one key', input: { wifi: { password: '48151623' } } };
      const digests = await Promise.all(
        [gateway, other].map(async (one) => {
          const device = await createDevice(one, { id });
          expect((await keyedUpdate(one, device, call)).codes).toEqual([]);
          const { rows } = await one.sql.query<Record<string, string>>(
            `SELECT left(encode(key_digest, 'hex'), 16) AS subject, right(encode(key_digest, 'hex'), 32) AS key,
               encode(args_digest, 'hex') AS args
             FROM idempotency_key WHERE object_id = $1`,
            [id],
          );
          return Object.values(rows[0] ?? {});
        }),
      );
      expect(digests.flat()).toHaveLength(6);
      expect(new Set(digests.flat())).toHaveLength(6);
    } finally {
      await other.stop();
    }
  });

  it('is the same secret for two that start at once', async () => {
    const twins = await Promise.all([gateway.startTwin(), gateway.startTwin()]);
    for (const twin of twins) await twin.stop();
    expect((await gateway.sql.query('SELECT FROM idempotency_secret')).rowCount).toBe(1);
  });
});
