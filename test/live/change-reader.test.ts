import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeListener } from '../../src/persistence/changes/change-listener.js';
import { ChangeReader, type ChangeReceiver } from '../../src/persistence/changes/change-reader.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { newId } from '../support/gateway.js';
import { blocksOf } from '../support/statements.js';

/** What ten minutes of a busy fleet leave. */
const OLD_CHANGES = 100_000;

const NOBODY: ChangeReceiver = { isWatched: () => false, onChanges: () => undefined };

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
      if (name === 'changes') pages.push(await blocksOf(client, { text, values }));
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    },
  };

  it('goes on where it was only in the cluster where it was', async () => {
    let cluster: readonly Readonly<Record<string, string>>[] = [{ cluster: '1' }];
    const inCluster: ChangeListener = {
      ...listener,
      query: async (statement, values) =>
        statement.name === 'cluster' ? cluster : await listener.query(statement, values),
    };
    const reader = new ChangeReader(NOBODY);
    expect(await reader.begin(inCluster)).toBe(false);
    cluster = [];
    expect(await reader.begin(inCluster)).toBe(false);
    cluster = [{ cluster: '1' }];
    expect(await reader.begin(inCluster)).toBe(false);
    cluster = [{ cluster: '2' }];
    expect(await reader.begin(inCluster)).toBe(true);
    expect(await reader.begin(inCluster)).toBe(false);
  });

  it('knows the cluster of a real server, and does without where it may not ask', async () => {
    const asked: unknown[] = [];
    const asking: ChangeListener = {
      ...listener,
      query: async (statement, values) => {
        const rows = await listener.query(statement, values);
        if (statement.name === 'cluster') asked.push(rows[0]?.['cluster']);
        return rows;
      },
    };
    await new ChangeReader(NOBODY).begin(asking);
    expect(asked).toEqual([expect.stringMatching(/^\d{15,20}$/)]);
    const forbidden: ChangeListener = {
      ...listener,
      query: async (statement, values) => {
        if (statement.name === 'cluster') throw new Error('permission denied');
        return await listener.query(statement, values);
      },
    };
    expect(await new ChangeReader(NOBODY).begin(forbidden)).toBe(false);
  });

  it('does not look at the changes that were read before or lie ahead, however many there are', async () => {
    await client.query(
      `INSERT INTO device_change (xid, device_id) SELECT xid, $2
       FROM generate_series(1, $1::integer), unnest(ARRAY[1, 1000000000000]::bigint[]) xid`,
      [OLD_CHANGES, newId()],
    );
    await client.query('VACUUM ANALYZE device_change');
    const told: string[] = [];
    const reader = new ChangeReader({ isWatched: () => true, onChanges: (ids) => told.push(...ids) });
    await reader.begin(listener);
    const ids = [newId(), newId(), newId()];
    for (const id of ids) await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [id]);
    await reader.read(listener, { channels: [], sender: '' });
    expect(told).toEqual(ids);
    expect(pages).toHaveLength(1);
    expect(pages[0]).toBeLessThan(50);
  });

  it('passes over what nobody subscribes to, and notifies the other instances all the same', async () => {
    const told: string[] = [];
    let isWatched = false;
    const reader = new ChangeReader({ isWatched: () => isWatched, onChanges: (ids) => told.push(...ids) });
    await reader.begin(listener);
    const heard: (string | undefined)[] = [];
    const other = new pg.Client({ connectionString: testDatabase.url });
    await other.connect();
    other.on('notification', ({ payload }) => heard.push(payload));
    await other.query('LISTEN device_change');
    const change = async (): Promise<string> => {
      const id = newId();
      await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [id]);
      return id;
    };

    await change();
    const before = pages.length;
    await reader.read(listener, { channels: ['device_change'], sender: 'this instance' });
    expect(pages).toHaveLength(before);
    await expect.poll(() => heard).toEqual(['this instance']);

    isWatched = true;
    const awaited = await change();
    await reader.read(listener, { channels: [], sender: '' });
    expect(told).toEqual([awaited]);
    await other.end();
  });

  it('leaves out nothing for somebody who subscribes while changes are passed over', async () => {
    const told: string[] = [];
    let isWatched = false;
    const id = newId();
    const meanwhile: ChangeListener = {
      ...listener,
      query: async (statement, values) => {
        if (statement.name === 'pass-over-changes') {
          isWatched = true;
          await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [id]);
        }
        return await listener.query(statement, values);
      },
    };
    const reader = new ChangeReader({ isWatched: () => isWatched, onChanges: (ids) => told.push(...ids) });
    await reader.begin(meanwhile);
    await reader.read(meanwhile, { channels: [], sender: '' });
    expect(told).toEqual([id]);
  });
});
