import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { analyseGrownTables } from '../../src/persistence/database/grown-tables.js';
import { createRole, createTestDatabase, type TestDatabase, type TestRole } from '../support/database.js';

let database: TestDatabase;
let stranger: TestRole;
let sql: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  stranger = await createRole();
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  // As a database is left by whoever restores one, or empties a table.
  await sql.query('ALTER TABLE idempotency_key SET (autovacuum_enabled = false)');
  await sql.query('VACUUM ANALYZE idempotency_key');
  await sql.query('SET plan_cache_mode = force_generic_plan');
  await sql.query(
    `PREPARE find_key (text) AS SELECT object_id FROM idempotency_key WHERE key_digest = decode($1, 'hex')`,
  );
});
afterAll(async () => {
  await sql.end();
  await database.drop();
  await stranger.drop();
});

async function addKeys(count: number): Promise<void> {
  await sql.query(`INSERT INTO idempotency_key (key_digest, args_digest, object_id)
    SELECT decode(md5(random()::text), 'hex'), decode(md5(random()::text), 'hex'), 'x' FROM generate_series(1, ${count})`);
}

/** Analyses what has grown. @returns the statements that it took */
async function analyse(as: pg.Client): Promise<readonly string[]> {
  const texts: string[] = [];
  await analyseGrownTables(async ({ text }, values) => {
    texts.push(text);
    const { rows } = await as.query<Record<string, unknown>>(text, [...values]);
    return rows;
  });
  return texts.slice(1);
}

/** How a session finds a key whose plan was made before. */
async function nodeOfPlan(): Promise<string> {
  const { rows } = await sql.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE find_key ('00')`);
  return rows[0]?.['QUERY PLAN'].replace(/ using.*| on .*/, '') ?? '';
}

const ANALYSE_KEYS = 'ANALYZE (SKIP_LOCKED) "idempotency_key"';

it('a plan that was made when a table was empty is made anew when the table has grown', async () => {
  expect(await nodeOfPlan()).toBe('Seq Scan');
  await addKeys(2_000);
  expect(await nodeOfPlan()).toBe('Seq Scan');
  expect(await analyse(sql)).toEqual([ANALYSE_KEYS]);
  expect(await nodeOfPlan()).toBe('Index Scan');
});

it('a table is not analysed again before it has grown to four times its size', async () => {
  await addKeys(2_000);
  expect(await analyse(sql)).toEqual([]);
  await addKeys(5_000);
  expect(await analyse(sql)).toEqual([ANALYSE_KEYS]);
});

it('one that is being changed by others is left to them', async () => {
  await addKeys(40_000);
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query('BEGIN; LOCK TABLE idempotency_key IN SHARE UPDATE EXCLUSIVE MODE');
  expect(await analyse(sql)).toEqual([ANALYSE_KEYS]);
  await other.query('COMMIT');
  await other.end();
  expect(await analyse(sql)).toEqual([ANALYSE_KEYS]);
  expect(await analyse(sql)).toEqual([]);
});

it('whoever does not own the tables analyses none', async () => {
  await addKeys(200_000);
  await sql.query(`GRANT USAGE ON SCHEMA public TO "${stranger.name}"`);
  const client = new pg.Client({ connectionString: stranger.urlOf(database) });
  await client.connect();
  expect(await analyse(client)).toEqual([]);
  await client.end();
  await sql.query(`REVOKE USAGE ON SCHEMA public FROM "${stranger.name}"`);
  expect(await analyse(sql)).toEqual([ANALYSE_KEYS]);
});
