import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';

/** A database of one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly drop: () => Promise<void>;
}

/** Makes a database with all migrations and no data. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `dgw_test_${randomBytes(6).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${inject('templateName')}`);
  const url = new URL(inject('serverUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
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

/** @returns how many rows came of it */
async function onServer(statement: string): Promise<number | null> {
  const client = new pg.Client({ connectionString: inject('serverUrl') });
  await client.connect();
  try {
    return (await client.query(statement)).rowCount;
  } finally {
    await client.end();
  }
}
