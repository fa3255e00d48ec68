import { errorCode } from '../errors/error-code.js';
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { StartupError } from '../errors/startup-error.js';
import type { Binaries } from './binaries.js';
import { isRoot } from '../data-dir/files.js';

/** An account other than our own. */
interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** The way in which the programs of PostgreSQL are started. */
export interface Launcher {
  /** The account that owns the database files; undefined: the one that this process runs under. */
  readonly account: Account | undefined;
  /** The capability that the programs keep; undefined: none. */
  readonly capability: string | undefined;
}

/** The programs get nothing of our own environment, which may hold secrets and settings (PG…) for others. */
const childEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Starts a program of PostgreSQL with its error output piped; `detached` puts it in a session of its own. */
export function launch(
  launcher: Launcher,
  file: string,
  args: readonly string[],
  { detached = false } = {},
): ChildProcess {
  const { account, capability } = launcher;
  // The folder that we were started in may be out of reach for the other account.
  const options: SpawnOptions = {
    cwd: '/',
    env: childEnvironment,
    detached,
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  if (account === undefined) return spawn(file, args, options);
  if (capability === undefined) return spawn(file, args, { ...options, uid: account.uid, gid: account.gid });
  const prefix = [
    `--reuid=${String(account.uid)}`,
    `--regid=${String(account.gid)}`,
    '--clear-groups',
    `--inh-caps=+${capability}`,
    `--ambient-caps=+${capability}`,
    // Without it, access(2), with which PostgreSQL looks at its own programs, leaves the capability aside.
    '--securebits=+no_setuid_fixup',
    '--',
  ];
  return spawn('setpriv', [...prefix, file, ...args], options);
}

/** Runs a program to its end. `code` is null when it could not be started or was ended by a signal. */
export function run(
  launcher: Launcher,
  file: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = launch(launcher, file, args);
    let output = '';
    const collect = (chunk: unknown): void => void (output += String(chunk));
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (error) => {
      resolve({ code: null, output: error.message });
    });
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}

export const ourselves: Launcher = { account: undefined, capability: undefined };

async function findAccount(name: string): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([
    run(ourselves, 'id', ['-u', name]),
    run(ourselves, 'id', ['-g', name]),
  ]);
  if (uid.code !== 0 || gid.code !== 0) return undefined;
  return { name, uid: Number(uid.output), gid: Number(gid.output) };
}

async function ownerOf(clusterDir: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(clusterDir);
    return { name: `uid ${String(uid)}`, uid, gid };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function accountInsteadOfRoot(clusterDir: string, owner: Account | undefined): Promise<Account> {
  if (owner?.uid === 0) {
    throw new StartupError(
      `The database files in "${clusterDir}" belong to root, and PostgreSQL refuses to run as root. ` +
        `Give them to another account, for example with: chown -R nobody "${clusterDir}"`,
    );
  }
  const account = owner ?? (await findAccount('postgres')) ?? (await findAccount('nobody'));
  if (account !== undefined) return account;
  throw new StartupError(
    'PostgreSQL refuses to run as root, and there is neither an account "postgres" nor "nobody" to run it ' +
      'under. Start the gateway as an ordinary user.',
  );
}

// Each step answers with an exit code of its own; the last folder only has to be passed through.
const probe = '"$1" --version && "$2" --version && (: <"$3") || exit 10; cd -- "$4" || exit 11';

/**
 * The least rights with which the other account can run the programs and get at DATA_DIR. Both often lie below
 * folders that only root may pass (a checkout in /root, `mktemp -d`). Changing the modes of such folders is
 * not ours to do, so there PostgreSQL keeps one capability: `dac_read_search`, to pass through folders and
 * read files of others, never to write them. Containers commonly withhold that one and leave root only
 * `dac_override`, which is then the last resort.
 */
async function leastRights(account: Account, binaries: Binaries, dataDir: string): Promise<Launcher> {
  const args = ['-c', probe, 'sh', binaries.initdb, binaries.postgres, binaries.sampleFile, dataDir];
  const failures: string[] = [];
  let unreachable = binaries.packageFolder;
  for (const capability of [undefined, 'dac_read_search', 'dac_override']) {
    const launcher = { account, capability };
    const { code, output } = await run(launcher, '/bin/sh', args);
    if (code === 0) return launcher;
    if (capability === undefined && code === 11) unreachable = dataDir;
    failures.push(`${capability ?? 'no capability'}: ${output.trim()}`);
  }
  throw new StartupError(
    `PostgreSQL refuses to run as root, and the account it would run under (${account.name}) cannot use ` +
      `"${unreachable}". Start the gateway as an ordinary user, let others pass that folder and those above ` +
      'it (chmod o+rx), or install setpriv (util-linux), which can give PostgreSQL the right to pass them.\n' +
      failures.join('\n'),
  );
}

/**
 * Decides under which account PostgreSQL runs: our own, or, as PostgreSQL refuses root, another one in place of
 * root. Throws {@link StartupError} when the cluster belongs to an account that we cannot act as, or when the
 * account cannot get at the programs or DATA_DIR.
 */
export async function chooseLauncher(
  binaries: Binaries,
  dataDir: string,
  clusterDir: string,
): Promise<Launcher> {
  const owner = await ownerOf(clusterDir);
  if (isRoot()) {
    return await leastRights(await accountInsteadOfRoot(clusterDir, owner), binaries, dataDir);
  }
  if (owner !== undefined && owner.uid !== process.geteuid?.()) {
    throw new StartupError(
      `The database files in "${clusterDir}" belong to another account (${owner.name}). ` +
        'Start the gateway under that account, or set DATA_DIR to another folder.',
    );
  }
  return ourselves;
}
