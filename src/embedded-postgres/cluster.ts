import { errorCode } from '../errors/error-code.js';
import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../errors/startup-error.js';
import type { Binaries } from './binaries.js';
import { readIfPresent, replaceFile, syncFolder } from '../data-dir/files.js';
import { run, type Launcher } from './run-as.js';

/** The superuser of the cluster, and the only user. */
export const databaseUser = 'postgres';

const unfinishedPrefix = 'postgres.new-';

/** The folder of the cluster below DATA_DIR. */
export function clusterFolder(dataDir: string): string {
  return join(dataDir, 'postgres');
}

function passwordFile(dataDir: string): string {
  return join(dataDir, 'postgres-password');
}

/** The password of {@link databaseUser}. Throws {@link StartupError} when its file is missing. */
export async function readPassword(dataDir: string): Promise<string> {
  const password = (await readIfPresent(passwordFile(dataDir)))?.trim();
  if (password !== undefined && password !== '') return password;
  throw new StartupError(
    `The file "${passwordFile(dataDir)}" with the password of the database is missing or empty. Restore it ` +
      'from the backup that the database came from, or set DATA_DIR to another folder.',
  );
}

async function ensurePassword(dataDir: string): Promise<string> {
  const known = (await readIfPresent(passwordFile(dataDir)))?.trim();
  if (known !== undefined && known !== '') return known;
  const password = randomBytes(32).toString('hex');
  await replaceFile(passwordFile(dataDir), `${password}\n`);
  return password;
}

/** A start that was cut short while it made the cluster leaves its folder behind. */
async function removeUnfinished(dataDir: string): Promise<void> {
  const names = await readdir(dataDir);
  for (const name of names.filter((candidate) => candidate.startsWith(unfinishedPrefix))) {
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runInitdb(binaries: Binaries, launcher: Launcher, workshop: string): Promise<string> {
  const cluster = join(workshop, 'cluster');
  // The built-in locale sorts and folds text alike on every machine, whatever its C library knows.
  const { code, output } = await run(launcher, binaries.initdb, [
    ...['-D', cluster, '-U', databaseUser, '-A', 'scram-sha-256', '--pwfile', join(workshop, 'password')],
    ...['-E', 'UTF8', '--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    '--data-checksums',
  ]);
  if (code === 0) return cluster;
  throw new StartupError(
    `The database cannot be created in "${workshop}". Mend what PostgreSQL names below, or set DATA_DIR to ` +
      `another folder.\n${output.trim().split('\n').slice(-10).join('\n')}`,
  );
}

/** The cluster gets its name only when it is complete, so that a start cut short is as if it had not been. */
async function createCluster(dataDir: string, binaries: Binaries, launcher: Launcher): Promise<void> {
  const password = await ensurePassword(dataDir);
  const workshop = await mkdtemp(join(dataDir, unfinishedPrefix));
  try {
    const pwfile = join(workshop, 'password');
    await writeFile(pwfile, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (launcher.account !== undefined) {
      const { uid, gid } = launcher.account;
      await chown(pwfile, uid, gid);
      await chown(workshop, uid, gid);
    }
    const cluster = await runInitdb(binaries, launcher, workshop);
    await rename(cluster, clusterFolder(dataDir));
    // Otherwise a crash of the machine could bring back the former name, with data in it by then.
    await syncFolder(dataDir);
  } finally {
    await rm(workshop, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function isEmptyOrMissing(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    throw error;
  }
}

/**
 * Makes sure that DATA_DIR holds a complete cluster that these programs can serve. Throws
 * {@link StartupError} when it is of another major version, damaged, or cannot be created.
 */
export async function ensureCluster(dataDir: string, binaries: Binaries, launcher: Launcher): Promise<void> {
  await removeUnfinished(dataDir);
  const folder = clusterFolder(dataDir);
  const version = (await readIfPresent(join(folder, 'PG_VERSION')))?.trim();
  if (version === binaries.majorVersion) return;
  if (version !== undefined) {
    throw new StartupError(
      `"${folder}" holds a database of PostgreSQL ${version}, and this gateway runs PostgreSQL ` +
        `${binaries.majorVersion}. Upgrade it with pg_upgrade, or set DATA_DIR to another folder.`,
    );
  }
  if (!(await isEmptyOrMissing(folder))) {
    throw new StartupError(
      `"${folder}" exists but holds no PostgreSQL database (it has no file PG_VERSION). ` +
        'Restore it from a backup, remove it, or set DATA_DIR to another folder.',
    );
  }
  await createCluster(dataDir, binaries, launcher);
}
