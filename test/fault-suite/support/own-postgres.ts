import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../../src/embedded-postgres/embedded-postgres.js';
import { postgresPid } from '../../support/processes.js';

/** Whether a row may stop and freeze the database server: not when it is the one of somebody else. */
export const mayBreakServer = (process.env['TEST_DATABASE_URL'] ?? '') === '';

/** A PostgreSQL server of the test alone, to be broken. */
export interface OwnPostgres {
  /** Where it is now; another place after `start`. */
  readonly url: () => string;
  /** As `pg_ctl stop -m immediate`: every connection ends, nothing is written out. */
  readonly stopImmediately: () => Promise<void>;
  /** Starts it again; fulfilled when it accepts connections. */
  readonly start: () => Promise<void>;
  /** Stops the clock of all its processes. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Starts a server on an empty folder. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'device gateway faults '));
  const dataDir = join(folder, 'data');
  let server = await startEmbeddedPostgres({ dataDir });
  const signalAll = async (signal: NodeJS.Signals): Promise<void> => {
    const postmaster = await postgresPid(dataDir);
    for (const pid of [postmaster, ...(await childrenOf(postmaster))]) tryKill(pid, signal);
  };
  return {
    url: () => server.url,
    stopImmediately: async () => {
      process.kill(await postgresPid(dataDir), 'SIGQUIT');
      await server.stop();
    },
    start: async () => {
      server = await startEmbeddedPostgres({ dataDir });
    },
    freeze: async () => await signalAll('SIGSTOP'),
    thaw: async () => await signalAll('SIGCONT'),
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const parents = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The second field is the command in brackets and may itself hold blanks and brackets.
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    }),
  );
  return pids.filter((_, index) => parents[index] === parent);
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended since.
  }
}
