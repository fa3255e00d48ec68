import { chmod, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { StartupError } from '../errors/startup-error.js';
import { locateBinaries } from './binaries.js';
import { clusterFolder, databaseUser, ensureCluster, readPassword } from './cluster.js';
import { findHolder, takeDataDir, type DataDirLock } from './data-dir-lock.js';
import { isRoot, makeFolder, reportingStorageErrors } from '../data-dir/files.js';
import { startPostmaster, type Postmaster } from './postmaster.js';
import { chooseLauncher } from './run-as.js';

/** A PostgreSQL server of this process, whose data lies in DATA_DIR. */
export interface EmbeddedPostgres {
  /** `postgresql://…` of the database of this project. */
  readonly url: string;
  /** Ends all connections, stops the server and releases DATA_DIR. A further call waits for the first. */
  stop(): Promise<void>;
}

const databaseName = 'device_gateway';

/** How long {@link runningEmbeddedUrl} waits for a process that is still creating its database. */
const startPatience = 60_000;

function databaseUrl(password: string, port: number, database: string): string {
  // Without sslmode, clients would take it from PGSSLMODE, which is meant for other servers.
  return `postgresql://${databaseUser}:${password}@127.0.0.1:${String(port)}/${database}?sslmode=disable`;
}

async function openDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  // As root, the account that PostgreSQL runs under has to pass through; the files inside are closed to it.
  const mode = isRoot() ? 0o711 : 0o700;
  if (await makeFolder(path, mode)) await chmod(path, mode);
  return await realpath(path);
}

async function createDatabase(dataDir: string, port: number): Promise<string> {
  const password = await readPassword(dataDir);
  const client = new Client({ connectionString: databaseUrl(password, port, 'postgres') });
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    throw new StartupError(
      `The database in DATA_DIR "${dataDir}" refuses the gateway: ${error.message}. If files in DATA_DIR ` +
        'were changed by hand, restore them from a backup, or set DATA_DIR to another folder.',
    );
  } finally {
    await client.end();
  }
  return databaseUrl(password, port, databaseName);
}

async function startServer(dataDir: string, onLog: (line: string) => void): Promise<Postmaster> {
  const clusterDir = clusterFolder(dataDir);
  const binaries = await locateBinaries();
  const launcher = await chooseLauncher(binaries, dataDir, clusterDir);
  await ensureCluster(dataDir, binaries, launcher);
  return await startPostmaster({ binaries, launcher, clusterDir, onLog });
}

async function serve(
  dataDir: string,
  lock: DataDirLock,
  onLog: (line: string) => void,
): Promise<EmbeddedPostgres> {
  const server = await startServer(dataDir, onLog);
  try {
    const url = await createDatabase(dataDir, server.port);
    await lock.publish(server.port);
    let stopped: Promise<void> | undefined;
    return { url, stop: () => (stopped ??= server.stop().then(() => lock.release())) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Takes DATA_DIR for this process, initialises the cluster the first time, starts it and creates the database
 * `device_gateway`. What a killed gateway or a crash of the machine left behind is put right without asking.
 * Throws {@link StartupError} when another process holds DATA_DIR, when DATA_DIR cannot be used, or when
 * PostgreSQL does not start.
 */
export async function startEmbeddedPostgres(options: {
  dataDir: string;
  onLog?: (line: string) => void;
}): Promise<EmbeddedPostgres> {
  return await reportingStorageErrors(options.dataDir, async () => {
    const dataDir = await openDataDir(options.dataDir);
    const lock = await takeDataDir(dataDir);
    try {
      return await serve(dataDir, lock, options.onLog ?? (() => undefined));
    } catch (error) {
      await lock.release();
      throw error;
    }
  });
}

/**
 * The url of the database that another live gateway process serves from this DATA_DIR, or undefined when none
 * runs. Waits for a process that is about to start its database. Throws {@link StartupError} when this account
 * may not read DATA_DIR.
 */
export async function runningEmbeddedUrl(dataDir: string): Promise<string | undefined> {
  return await reportingStorageErrors(dataDir, async () => {
    const deadline = Date.now() + startPatience;
    for (;;) {
      const holder = await findHolder(resolve(dataDir));
      if (holder === undefined) return undefined;
      if (holder.databasePort !== null) {
        return databaseUrl(await readPassword(dataDir), holder.databasePort, databaseName);
      }
      if (Date.now() > deadline) {
        throw new StartupError(
          `The gateway process ${String(holder.pid)} holds DATA_DIR "${dataDir}" but has not started its ` +
            'database. Wait until it is ready, or stop it, and try again.',
        );
      }
      await delay(100);
    }
  });
}
