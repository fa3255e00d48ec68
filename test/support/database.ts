import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';

/** A database of one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  readonly drop: () => Promise<void>;
}

/** Makes a database with all migrations and no data. */
export async function createTestDatabase(): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE ${inject('templateName')}`);
}

/**
 * Makes a database in which there is nothing yet.
 * @param options more of CREATE DATABASE
 */
export async function createEmptyDatabase(options = ''): Promise<TestDatabase> {
  return await createDatabase(`TEMPLATE template0 ${options}`);
}

async function createDatabase(options: string): Promise<TestDatabase> {
  const name = `dgw_test_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} ${options}`);
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    name,
    drop: async () => {
      await connectionsGone(name);
      await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A connection that is just being closed would hear of the end of its database, and nobody would listen. */
async function connectionsGone(name: string): Promise<void> {
  for (let looks = 0; looks < 40; looks += 1) {
    const rows = await onServer(`SELECT FROM pg_stat_activity WHERE datname = '${name}'`);
    if (rows === 0) return;
    await delay(25);
  }
}

/** A role of one test, which may log in and nothing else. */
export interface TestRole {
  readonly name: string;
  /** The same database for this role. */
  readonly urlOf: (database: TestDatabase) => string;
  /** Its databases have to be gone. */
  readonly drop: () => Promise<void>;
}

/** Makes a role without rights. */
export async function createRole(): Promise<TestRole> {
  const name = `dgw_role_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE ROLE ${name} LOGIN PASSWORD '${name}'`);
  return {
    name,
    urlOf: ({ url }) => Object.assign(new URL(url), { username: name, password: name }).href,
    drop: async () => {
      await onServer(`DROP ROLE ${name}`);
    },
  };
}

/** Runs statements on a connection of their own; one that has values is alone. @returns the rows of the last one */
export async function runIn(
  url: string,
  statements: string,
  values: readonly unknown[] = [],
): Promise<readonly object[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // Of several statements there are several results.
    return [await client.query<object>(statements, [...values])].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

/** A connection that this worker keeps: a new one takes longer to open, and to copy a database, than the copy itself. */
let admin: pg.Pool | undefined;

/** @returns how many rows came of it */
async function onServer(statement: string): Promise<number | null> {
  admin ??= openAdmin();
  return (await admin.query(statement)).rowCount;
}

function openAdmin(): pg.Pool {
  const connectionString = inject('serverUrl');
  const pool = new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true });
  // One that breaks while nothing uses it is replaced by the next statement.
  pool.on('error', () => undefined);
  return pool;
}
