import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChangeFeed, startChangeFeed } from '../../src/persistence/changes/change-feed.js';
import { type Database, openDatabase } from '../../src/persistence/database/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { newId } from '../support/gateway.js';

const MINUTE = 60_000;
const LISTENER = `application_name = 'device-gateway-listener' AND datname = current_database()`;

describe('the feed hears of changes and jobs, keeps the table short, and knows when it missed something', () => {
  let testDatabase: TestDatabase;
  let database: Database;
  let sql: pg.Pool;
  let feed: ChangeFeed | undefined;
  let heard: string[];
  beforeEach(async () => {
    heard = [];
    testDatabase = await createTestDatabase();
    database = openDatabase(testDatabase.url, () => undefined);
    sql = new pg.Pool({ connectionString: testDatabase.url, max: 2 });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await feed?.stop();
    await database.close();
    await sql.end();
    await testDatabase.drop();
  });

  const start = (url = testDatabase.url, heartbeatMs = 200): ChangeFeed => {
    feed = startChangeFeed({
      url,
      run: database.run,
      handlers: {
        isWatched: () => true,
        onChanges: (ids) => heard.push(...ids),
        onJob: () => heard.push('job'),
        onGap: () => heard.push('gap'),
      },
      log: pino({ level: 'silent' }),
      heartbeatMs,
    });
    return feed;
  };
  const change = async (...ids: readonly string[]): Promise<void> => {
    await sql.query('INSERT INTO device_change (device_id) SELECT unnest($1::text[])', [ids]);
  };
  const endListener = async (): Promise<void> => {
    await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${LISTENER}`);
  };
  const changes = async (): Promise<unknown> =>
    (await sql.query('SELECT device_id FROM device_change')).rows.length;
  const isBelowHorizon = async (): Promise<boolean | undefined> => {
    const { rows } = await sql.query<{ readonly passed: boolean }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > max(xid) AS passed FROM device_change',
    );
    return rows[0]?.passed;
  };

  it('a job wakes workers, and so does each new connection: one may have been missed', async () => {
    await start().started;
    expect(heard).toEqual(['job']);
    await sql.query(`SELECT pg_notify('provisioning_job', '')`);
    await expect.poll(() => heard).toEqual(['job', 'job']);
    await endListener();
    await expect.poll(() => heard).toEqual(['job', 'job', 'job']);
  });

  it('a large transaction is heard whole, and so is one that was missed, page by page', async () => {
    await start().started;
    heard.length = 0;
    const ids = Array.from({ length: 11_000 }, newId);
    await change(...ids);
    await expect.poll(() => heard.length).toBe(11_000);
    expect(new Set(heard)).toEqual(new Set(ids));
    heard.length = 0;
    const missed = Array.from({ length: 11_000 }, newId);
    await endListener();
    await change(...missed);
    await expect.poll(() => heard.filter((id) => id !== 'job').length).toBe(11_000);
    expect(new Set(heard.filter((id) => id !== 'job'))).toEqual(new Set(missed));
  });

  it('what this process commits is notified at once, here and to others, also of many at once; so is a job', async () => {
    const here = start();
    const others = start();
    await Promise.all([here.started, others.started]);
    heard.length = 0;
    const ids = Array.from({ length: 50 }, newId);
    try {
      for (const id of ids) {
        await change(id);
        here.changed();
      }
      here.jobQueued();
      // Both told, and the job is only for the others.
      await expect.poll(() => heard.length).toBe(101);
      expect(heard.filter((what) => what === 'job')).toHaveLength(1);
      expect(new Set(heard)).toEqual(new Set([...ids, 'job']));
    } finally {
      await here.stop();
    }
  });

  it('however transactions overlap and connections break, every change that is committed is an event once', async () => {
    await start().started;
    heard.length = 0;
    const committed: string[] = [];
    const transaction = async (worker: number): Promise<void> => {
      const client = new pg.Client({ connectionString: testDatabase.url });
      await client.connect();
      for (let round = 0; round < 40; round += 1) {
        const id = newId();
        const isKept = Math.random() < 0.8;
        await client.query('BEGIN');
        await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [id]);
        // Every worker of the first two holds its number while many others come and go.
        await delay(worker < 2 ? 100 * Math.random() : 5 * Math.random());
        await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
        if (isKept) committed.push(id);
        if (Math.random() < 0.3) feed?.changed();
        if (worker === 5 && round % 10 === 9) await endListener();
      }
      await client.end();
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(transaction));
    await expect
      .poll(() => heard.filter((what) => what !== 'job').length)
      .toBeGreaterThanOrEqual(committed.length);
    await delay(500);
    expect(heard.filter((what) => what !== 'job').toSorted()).toEqual(committed.toSorted());
    expect(heard).toContain('job');
  });

  it('what is older than ten minutes is deleted, and nothing newer', async () => {
    await start().started;
    await change(newId(), newId());
    // The heartbeats of now are the horizon in ten minutes.
    await expect.poll(() => heard.length).toBe(3);
    // A transaction that is open in any database of the server holds the horizon back.
    await expect.poll(isBelowHorizon, { timeout: 90_000 }).toBe(true);
    await delay(2_000);
    const now = vi.spyOn(Date, 'now');
    const later = Date.now() + 11 * MINUTE;
    now.mockReturnValue(later);
    await expect.poll(changes).toBe(0);
    await change(newId());
    now.mockReturnValue(later + 2 * MINUTE);
    await delay(600);
    expect(await changes()).toBe(1);
  });

  it('after more than nine minutes without a connection it says that there is a gap, and hears on', async () => {
    // A heartbeat between the jump of the clock and the end of the connection would leave no gap.
    await start(testDatabase.url, MINUTE).started;
    const now = vi.spyOn(Date, 'now');
    now.mockReturnValue(Date.now() + 10 * MINUTE);
    await endListener();
    await expect.poll(() => heard).toEqual(['job', 'gap', 'job']);
    const id = newId();
    await change(id);
    feed?.changed();
    await expect.poll(() => heard.at(-1)).toBe(id);
  });

  it('a database that is not there at first is waited for', async () => {
    const url = new URL(testDatabase.url);
    const name = `${url.pathname.slice(1)}_late`;
    url.pathname = `/${name}`;
    const started = start(url.href);
    await delay(300);
    expect(started.hasStarted()).toBe(false);
    await sql.query(`CREATE DATABASE ${name}`);
    const late = new pg.Client({ connectionString: url.href });
    await late.connect();
    await late.query('CREATE TABLE device_change (xid bigint, seq bigint, device_id text)');
    await late.end();
    try {
      await started.started;
      expect(started.hasStarted()).toBe(true);
    } finally {
      await started.stop();
      await sql.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });
});
