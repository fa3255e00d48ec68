import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { StartupError } from '../../errors/startup-error.js';
import { CONCURRENTLY, type SchemaEngine } from './schema-engine.js';
import { NO_TIMEOUTS, schemaOf, sessionConfig, withSchema } from '../database/session.js';
import { assertMayMigrate, type SessionFacts, readFacts } from './start-checks.js';

const PRISMA_FOLDER = fileURLToPath(new URL('../../../prisma/', import.meta.url));
const MIGRATIONS_FOLDER = join(PRISMA_FOLDER, 'migrations');
const NO_FILTERS = { externalTables: [], externalEnums: [] };

const START_CONNECTION = { application_name: 'device-gateway-start', connectionTimeoutMillis: 10_000 };

/** Any number will do, as long as every gateway uses the same one. */
const MIGRATION_LOCK = 4_710_042;

const LOCK_RETRY_MS = 100;

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings the database to the newest migration, with Prisma's engine and its ordinary `_prisma_migrations` table.
 * Gateways that start at the same time take turns; one that finds everything applied does not load the engine.
 * @returns the names of the migrations that were applied
 * @throws StartupError when an earlier migration failed half-way, or was edited after it was applied
 */
export async function applyMigrations(databaseUrl: string): Promise<readonly string[]> {
  return await withStartClient(sessionConfig(databaseUrl, NO_TIMEOUTS), async (client) => {
    const facts = await readFacts(client, schemaOf(databaseUrl), NO_TIMEOUTS);
    await assertMayMigrate(client, facts);
    await takeMigrationLock(client);
    if (await isMigrated(client)) return [];
    const migrations = await readMigrations();
    return await withEnginePool(
      databaseUrl,
      facts,
      async (pool) => await runEngine(pool, facts.schema, migrations),
    );
  });
}

/** Waits without an open statement: what builds an index CONCURRENTLY waits for every statement that began before. */
async function takeMigrationLock(client: pg.ClientBase): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      MIGRATION_LOCK,
    ]);
    if (rows[0]?.taken === true) return;
    await delay(LOCK_RETRY_MS);
  }
}

/** Runs `work` on a connection of its own. */
export async function withStartClient<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...config, ...START_CONNECTION });
  // A connection that breaks while it is idle is reported by the next query.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Migrations name what belongs to the extension without its schema. */
async function withEnginePool<T>(
  databaseUrl: string,
  { schema, extensionSchema }: SessionFacts,
  work: (pool: pg.Pool) => Promise<T>,
): Promise<T> {
  const target = schema === null ? databaseUrl : withSchema(databaseUrl, schema);
  const config = sessionConfig(target, NO_TIMEOUTS, extensionSchema === null ? [] : [extensionSchema]);
  const pool = new pg.Pool({ ...config, ...START_CONNECTION, max: 2 });
  pool.on('error', () => undefined);
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

async function readMigrations(): Promise<readonly Migration[]> {
  const entries = await readdir(MIGRATIONS_FOLDER, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return await Promise.all(
    names.toSorted().map(async (name) => ({
      name,
      sql: await readFile(join(MIGRATIONS_FOLDER, name, 'migration.sql'), 'utf8'),
    })),
  );
}

/** Whether a connection comes to a database at the newest migration. */
export async function isMigrated(client: pg.ClientBase): Promise<boolean> {
  const table = await client.query<{ found: boolean }>(
    `SELECT to_regclass(quote_ident(current_schema()) || '._prisma_migrations') IS NOT NULL AS found`,
  );
  if (table.rows[0]?.found !== true) return false;
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const applied = new Map(rows.map((row) => [row.migration_name, row.checksum]));
  return (await readMigrations()).every(
    ({ name, sql }) => applied.get(name) === createHash('sha256').update(sql).digest('hex'),
  );
}

async function runEngine(
  pool: pg.Pool,
  schema: string | null,
  migrations: readonly Migration[],
): Promise<readonly string[]> {
  const { openSchemaEngine } = await import('./schema-engine.js');
  const engine = await openSchemaEngine(pool, await readSchema(), schema);
  const migrationsList = {
    baseDir: MIGRATIONS_FOLDER,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(join(MIGRATIONS_FOLDER, 'migration_lock.toml'), 'utf8'),
    },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: sql } },
    })),
  };
  const history = await engine.diagnoseMigrationHistory({
    migrationsList,
    optInToShadowDatabase: false,
    filters: NO_FILTERS,
  });
  const failed = history.failedMigrationNames.map(
    (name) => migrations.find((one) => one.name === name) ?? { name, sql: '' },
  );
  refuse(
    await withoutCutOffIndexes(engine, pool, failed),
    'failed half-way earlier; mend it as `npx prisma migrate resolve` tells',
  );
  refuse(history.editedMigrationNames, 'differs from what was applied; restore its file');
  const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTERS });
  return appliedMigrationNames;
}

/**
 * A gateway that is stopped while it builds an index, which may take minutes, must not keep the next one from starting: what it
 * left is dropped, and its migration runs again.
 * @returns the names of the migrations that failed otherwise
 */
async function withoutCutOffIndexes(
  engine: SchemaEngine,
  pool: pg.Pool,
  failed: readonly Migration[],
): Promise<readonly string[]> {
  const others: string[] = [];
  for (const { name, sql } of failed) {
    const [, index] = CONCURRENTLY.exec(sql) ?? [];
    if (index === undefined) {
      others.push(name);
      continue;
    }
    await pool.query(`DROP INDEX CONCURRENTLY IF EXISTS "${index}"`);
    await engine.markMigrationRolledBack({ migrationName: name });
  }
  return others;
}

function refuse(names: readonly string[], error: string): void {
  if (names.length > 0) throw new StartupError(`Migration ${names.join(', ')} ${error}.`);
}

/** The names of the tables that the migrations make. */
export async function tableNames(): Promise<readonly string[]> {
  const models = (await readSchema()).matchAll(/^model [^}]*@@map\("(\w+)"\)/gm);
  return [...models].map(([, name = '']) => name);
}

/** The text of schema.prisma. */
export async function readSchema(): Promise<string> {
  return await readFile(join(PRISMA_FOLDER, 'schema.prisma'), 'utf8');
}
