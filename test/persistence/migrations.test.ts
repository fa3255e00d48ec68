import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { StartupError } from '../../src/errors/startup-error.js';
import { applyMigrations, readSchema } from '../../src/persistence/setup/migrations.js';
import { prepareDatabase } from '../../src/persistence/setup/prepare-database.js';
import { createTestDatabase, runIn, type TestDatabase } from '../support/database.js';
import { describeDatabase, scriptOf } from '../support/schema-drift.js';

const FOLDER = fileURLToPath(new URL('../../prisma/migrations/', import.meta.url));

async function migrationNames(): Promise<readonly string[]> {
  const entries = await readdir(FOLDER, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => name).toSorted();
}

/** Back to a database that nobody has touched. */
async function empty({ url }: TestDatabase): Promise<void> {
  await runIn(url, 'DROP SCHEMA public CASCADE');
  await runIn(url, 'CREATE SCHEMA public');
}

async function startupErrorOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartupError);
  return error instanceof Error ? error.message : '';
}

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await database.drop();
});

describe('the migrations and schema.prisma describe the same database', () => {
  // The engine cannot read a live database through the adapter (it lacks the type "char"), so both are made and compared.
  it('tables, columns, types, defaults, keys, indexes and enums alike', async () => {
    const migrated = await describeDatabase(database.url);
    await empty(database);
    await runIn(database.url, await scriptOf(database.url, await readSchema()));
    expect(await describeDatabase(database.url)).toEqual(migrated);
    expect(migrated.filter((line) => line.startsWith('column network_device')).length).toBeGreaterThan(20);
  });

  it('and the comparison sees a difference of one column', async () => {
    const migrated = await describeDatabase(database.url);
    await empty(database);
    const schema = (await readSchema()).replace(/serialNumber +String\?/, 'serialNumber String');
    await runIn(database.url, await scriptOf(database.url, schema));
    expect(await describeDatabase(database.url)).not.toEqual(migrated);
  });
});

describe('applyMigrations brings any database to the newest state, once', () => {
  it('an empty one gets all of them, in order; the second time there is nothing to do', async () => {
    const before = await describeDatabase(database.url);
    await empty(database);
    expect(await applyMigrations(database.url)).toEqual(await migrationNames());
    expect(await applyMigrations(database.url)).toEqual([]);
    expect(await describeDatabase(database.url)).toEqual(before);
  });

  it('a start that finds nothing to do takes two connections: one looks, one shows that sessions are its own', async () => {
    expect(await prepareDatabase(database.url)).toMatchObject({ applied: [] });
    const server = inject('serverUrl');
    const ofDatabase = `WHERE datname = '${database.name}'`;
    // A session is counted when it has ended, at the latest.
    await expect
      .poll(async () => await runIn(server, `SELECT FROM pg_stat_activity ${ofDatabase}`))
      .toEqual([]);
    expect(await runIn(server, `SELECT sessions FROM pg_stat_database ${ofDatabase}`)).toEqual([
      { sessions: '2' },
    ]);
  });

  it('two gateways at once on an empty database both succeed, and only one works', async () => {
    await empty(database);
    const outcomes = await Promise.all([applyMigrations(database.url), applyMigrations(database.url)]);
    expect(outcomes.flat().toSorted()).toEqual(await migrationNames());
    const rows = await runIn(database.url, 'SELECT migration_name FROM _prisma_migrations');
    expect(rows).toHaveLength((await migrationNames()).length);
  });

  it('an applied migration that was edited since is refused by name, and nothing is changed', async () => {
    const [name] = await migrationNames();
    await runIn(
      database.url,
      `UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE migration_name = $1`,
      [name],
    );
    const before = await describeDatabase(database.url);
    expect(await startupErrorOf(applyMigrations(database.url))).toContain(name);
    expect(await describeDatabase(database.url)).toEqual(before);
  });

  it('a migration that failed half-way is refused by name, with what to do', async () => {
    const [name] = await migrationNames();
    await runIn(
      database.url,
      `UPDATE _prisma_migrations SET finished_at = NULL, logs = 'it broke' WHERE migration_name = $1`,
      [name],
    );
    const message = await startupErrorOf(applyMigrations(database.url));
    expect(message).toContain(name);
    expect(message).toMatch(/resolve/);
  });

  it('an index whose build was cut off is built again', async () => {
    const name = '20261126020100_search_index_of_devices';
    const index = 'network_device_search_key_idx';
    const isValid = async (): Promise<unknown> =>
      await runIn(database.url, `SELECT indisvalid FROM pg_index WHERE indexrelid = '${index}'::regclass`);
    await runIn(
      database.url,
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = '${index}'::regclass`,
    );
    await runIn(
      database.url,
      `UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0 WHERE migration_name = $1`,
      [name],
    );
    expect(await isValid()).toEqual([{ indisvalid: false }]);
    expect(await applyMigrations(database.url)).toEqual([name]);
    expect(await isValid()).toEqual([{ indisvalid: true }]);
    expect(await applyMigrations(database.url)).toEqual([]);
  });

  it('a refusal leaves no lock behind: mended, the database is taken again', async () => {
    const [name] = await migrationNames();
    const set = 'UPDATE _prisma_migrations SET finished_at = $2 WHERE migration_name = $1';
    await runIn(database.url, set, [name, null]);
    await startupErrorOf(applyMigrations(database.url));
    await runIn(database.url, set, [name, new Date()]);
    expect(await applyMigrations(database.url)).toEqual([]);
  });
});

describe('migrations of large tables hold up nobody', () => {
  const SEARCH = '20261126020000';
  const AFTER_SEARCH = '20261126030000';

  /** The database as the build before left it. */
  async function beforeSearch(url: string): Promise<void> {
    await runIn(url, 'DROP FUNCTION search_fold CASCADE');
    await runIn(url, 'DROP FUNCTION search_key CASCADE');
    await runIn(url, 'CREATE INDEX network_device_search_idx ON network_device (lower(name))');
    await runIn(url, 'CREATE INDEX customer_search_idx ON customer (lower(name))');
    await runIn(url, 'DELETE FROM _prisma_migrations WHERE migration_name BETWEEN $1 AND $2', [
      SEARCH,
      AFTER_SEARCH,
    ]);
  }

  it('clients read and write while the indexes of search wait for a transaction that is open', async () => {
    await beforeSearch(database.url);
    const [holder, other] = [database, database].map(({ url }) => new pg.Client({ connectionString: url }));
    if (holder === undefined || other === undefined) throw new Error('No connections.');
    await Promise.all([holder.connect(), other.connect()]);
    try {
      await holder.query('BEGIN');
      await holder.query(`INSERT INTO customer (id, name) VALUES ('c00000000000000000000001', 'Held')`);
      await holder.query('LOCK TABLE network_device IN ROW EXCLUSIVE MODE');
      const migrating = applyMigrations(database.url);
      const isWaiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`;
      await vi.waitUntil(async () => (await other.query(isWaiting)).rowCount === 1, { timeout: 60_000 });
      await other.query(`SET lock_timeout = '2s'`);
      await other.query('UPDATE network_device SET name = name');
      await other.query(`INSERT INTO customer (id, name) VALUES ('c00000000000000000000002', 'Meanwhile')`);
      await holder.query('COMMIT');
      expect((await migrating).every((name) => name >= SEARCH)).toBe(true);
      const indexes = await runIn(
        database.url,
        `SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indexrelid::regclass::text LIKE '%search%' AND indisvalid ORDER BY name`,
      );
      expect(indexes).toEqual([
        { name: 'customer_search_key_idx' },
        { name: 'network_device_search_key_idx' },
      ]);
    } finally {
      await Promise.all([holder.end(), other.end()]);
    }
  });

  /** The database without kinds of jobs. */
  async function beforeRemovals(url: string): Promise<void> {
    await runIn(
      url,
      `DROP FUNCTION network_device_end_given_up, network_device_release_waiting, network_device_waiting_ended,
        network_device_waiting_changed, network_device_waiting_starts_nothing, network_device_give_back_mac CASCADE`,
    );
    await runIn(
      url,
      'ALTER TABLE network_device DROP COLUMN has_open_removal, DROP COLUMN shown_mac_address, DROP COLUMN waits_for_device_id',
    );
    await runIn(url, 'ALTER TABLE provisioning_job DROP COLUMN kind, DROP COLUMN removal_due_at');
    await runIn(url, 'DROP TYPE provisioning_job_kind');
    await runIn(
      url,
      `DELETE FROM _prisma_migrations WHERE migration_name ~ 'removals|waiting_devices|let_go'`,
    );
  }

  it('clients read and write while a migration cannot have a table, because a backup reads it', async () => {
    await beforeRemovals(database.url);
    const [backup, other] = [database, database].map(({ url }) => new pg.Client({ connectionString: url }));
    if (backup === undefined || other === undefined) throw new Error('No connections.');
    await Promise.all([backup.connect(), other.connect()]);
    try {
      await backup.query('BEGIN');
      await backup.query('SELECT FROM network_device');
      const migrating = applyMigrations(database.url);
      const isWaiting = `SELECT FROM pg_stat_activity WHERE datname = current_database()
        AND query LIKE '%ADD COLUMN "kind"%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`;
      await vi.waitUntil(async () => (await other.query(isWaiting)).rowCount === 1, { timeout: 60_000 });
      await other.query(`SET lock_timeout = '3s'`);
      await other.query('UPDATE network_device SET name = name');
      await other.query('UPDATE provisioning_job SET version = version');
      await backup.query('COMMIT');
      expect(await migrating).toContain('20261126230000_removals');
    } finally {
      await Promise.all([backup.end(), other.end()]);
    }
  });
});
