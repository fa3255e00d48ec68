import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { watchMigrationLocks } from './lock-watch.js';

const HELD_MS = 600;

describe('the watch over locks of migrations', () => {
  let database: TestDatabase;
  let sql: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  /** The longest wait that is told while a connection of this name holds a lock that a reader waits for. */
  async function longestWaitFor(holder: string): Promise<number> {
    const client = new pg.Client({ connectionString: database.url, application_name: holder });
    await client.connect();
    const longest = watchMigrationLocks(sql);
    await client.query('BEGIN; LOCK TABLE network_device IN ACCESS EXCLUSIVE MODE');
    const reading = sql.query('SELECT count(*) FROM network_device');
    await delay(HELD_MS);
    await client.query('COMMIT');
    await reading;
    await client.end();
    return await longest();
  }

  it('tells how long somebody waits for one', async () => {
    // It looks every 20 ms, and later where the machine is busy.
    expect(await longestWaitFor('device-gateway-start')).toBeGreaterThan(HELD_MS / 2);
  });

  it('tells nothing of the locks of others', async () => {
    expect(await longestWaitFor('device-gateway')).toBe(0);
  });
});
