import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ChangeListener } from '../../src/persistence/change-listener.js';
import { ChangeReader } from '../../src/persistence/change-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { newId } from '../support/gateway.js';

/** What ten minutes of a busy fleet leave. */
const OLD_CHANGES = 100_000;

const planBody = z.tuple([
  z.object({ Plan: z.object({ 'Shared Hit Blocks': z.number(), 'Shared Read Blocks': z.number() }) }),
]);

describe('a reading of changes', () => {
  let testDatabase: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    client = new pg.Client({ connectionString: testDatabase.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await testDatabase.drop();
  });

  /** Pages of the database that the readings touched. */
  const pages: number[] = [];
  const listener: ChangeListener = {
    lost: new AbortController().signal,
    close: async () => {
      await client.end();
    },
    query: async ({ name, text }, values = []) => {
      if (name === 'changes') {
        const explained = await client.query<{ readonly 'QUERY PLAN': unknown }>(
          `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
          [...values],
        );
        const [{ Plan: plan }] = planBody.parse(explained.rows[0]?.['QUERY PLAN']);
        pages.push(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']);
      }
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    },
  };

  it('does not look at the changes that were read before, however many there are', async () => {
    await client.query(
      'INSERT INTO device_change (xid, device_id) SELECT 1, $2 FROM generate_series(1, $1::integer)',
      [OLD_CHANGES, newId()],
    );
    await client.query('VACUUM ANALYZE device_change');
    const told: string[] = [];
    const reader = new ChangeReader((ids) => told.push(...ids));
    await reader.begin(listener);
    const ids = [newId(), newId(), newId()];
    for (const id of ids) await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [id]);
    await reader.read(listener, { channels: [], sender: '' });
    expect(told).toEqual(ids);
    expect(pages).toHaveLength(1);
    expect(pages[0]).toBeLessThan(50);
  });
});
