import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
});

it('the statistics of a table that has just grown are those of its rows, long before autovacuum comes by', async () => {
  await gateway.sql.query(`ALTER TABLE idempotency_key SET (autovacuum_enabled = false);
    INSERT INTO idempotency_key (key_digest, args_digest, object_id)
    SELECT decode(md5(random()::text), 'hex'), decode(md5(random()::text), 'hex'), 'x' FROM generate_series(1, 2000)`);
  const rowsKnown = async (): Promise<unknown> => {
    const { rows } = await gateway.sql.query<{ known: number }>(
      `SELECT reltuples::integer AS known FROM pg_class WHERE oid = 'idempotency_key'::regclass`,
    );
    return rows[0]?.known;
  };
  await expect.poll(rowsKnown, { interval: 100 }).toBe(2_000);
});
