// The database of a run: an embedded PostgreSQL in a folder of its own, or the server at BENCH_DATABASE_URL.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/embedded-postgres/embedded-postgres.js';
import { UPDATE_FUNCTIONS } from '../contenders/one-statement.mjs';
import { runNode } from './processes.mjs';

const DRAIN_PATIENCE_MS = 120_000;

/** Starts PostgreSQL. @returns its url, a pool for the benchmark itself, its version, and `stop` */
export async function openDatabase() {
  const server = await startPostgres(process.env.BENCH_DATABASE_URL);
  const sql = new pg.Pool({ connectionString: server.url, max: 2 });
  // Connections that PostgreSQL ends when it stops are no error.
  sql.on('error', () => undefined);
  const { rows } = await sql.query('SHOW server_version');
  return {
    url: server.url,
    sql,
    isEmbedded: server.isEmbedded,
    version: rows[0].server_version,
    stop: async () => {
      await sql.end();
      await server.stop();
    },
  };
}

async function startPostgres(serverUrl) {
  if (serverUrl) return await createDatabaseOn(serverUrl);
  const folder = await mkdtemp(join(tmpdir(), 'device-gateway-bench-'));
  // As root, the account that PostgreSQL runs under has to pass through.
  await chmod(folder, 0o711);
  const remove = async () => await rm(folder, { recursive: true, force: true });
  try {
    const { url, stop } = await startEmbeddedPostgres({ dataDir: join(folder, 'data') });
    return { url, isEmbedded: true, stop: async () => await stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A database of this run's own on a server that is there; it is dropped afterwards. */
async function createDatabaseOn(serverUrl) {
  const name = `device_gateway_bench_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const run = async (statement) => {
    const client = new pg.Client({ connectionString: serverUrl });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await run(`CREATE DATABASE ${name}`);
  return {
    url: url.href,
    isEmbedded: false,
    stop: async () => await run(`DROP DATABASE ${name} WITH (FORCE)`),
  };
}

/** Fills the gateway's own tables; devices that are there already stay. */
export async function generateDevices(devices, { url }, secretKeys) {
  const env = { DATABASE_URL: url, WIFI_SECRET_KEYS: secretKeys };
  await runNode(['dist/commands/db-generate.js', '--devices', String(devices)], env);
}

/** Copies the devices into the contenders' own tables. */
export async function fillContenderTables({ sql }) {
  const text = await readFile(new URL('../tables.sql', import.meta.url), 'utf8');
  for (const statement of text.split(/;\s*\n/).filter((part) => part.trim() !== ''))
    await sql.query(statement);
  for (const statement of UPDATE_FUNCTIONS) await sql.query(statement);
}

/** Waits until every provisioning job has ended. */
export async function drainJobs({ sql }) {
  const deadline = performance.now() + DRAIN_PATIENCE_MS;
  for (;;) {
    const { rows } = await sql.query(
      `SELECT EXISTS (SELECT FROM provisioning_job WHERE state IN ('QUEUED', 'RUNNING')) AS open`,
    );
    if (!rows[0].open) return;
    if (performance.now() > deadline) throw new Error('The provisioning jobs do not end.');
    await delay(50);
  }
}
