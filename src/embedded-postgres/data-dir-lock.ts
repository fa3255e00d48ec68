import { errorCode } from '../errors/error-code.js';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '../errors/startup-error.js';
import { readIfPresent, replaceFile, writeBeside } from '../data-dir/files.js';
import { identityOf, isRunning, type ProcessIdentity } from './process-identity.js';

/** What the file `gateway.json` in DATA_DIR says of the process that holds DATA_DIR. */
export interface RunRecord extends ProcessIdentity {
  /** The loopback port of its database; null until the database is ready. */
  readonly databasePort: number | null;
}

/** DATA_DIR, held by this process. */
export interface DataDirLock {
  /** Publishes to other processes where the database listens. */
  publish(databasePort: number): Promise<void>;
  /** Releases DATA_DIR. */
  release(): Promise<void>;
}

interface FoundRecord {
  readonly text: string;
  /** Undefined when the text is not a record, as a crash of the machine may leave it. */
  readonly record: RunRecord | undefined;
}

function recordFile(dataDir: string): string {
  return join(dataDir, 'gateway.json');
}

function parseRecord(text: string): RunRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (!('pid' in value && 'started' in value && 'databasePort' in value)) return undefined;
  const { pid, started, databasePort } = value;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  if (started !== null && typeof started !== 'string') return undefined;
  if (databasePort !== null && typeof databasePort !== 'number') return undefined;
  return { pid, started, databasePort };
}

async function find(path: string): Promise<FoundRecord | undefined> {
  const text = await readIfPresent(path);
  return text === undefined ? undefined : { text, record: parseRecord(text) };
}

async function liveHolder(found: FoundRecord): Promise<RunRecord | undefined> {
  return found.record !== undefined && (await isRunning(found.record)) ? found.record : undefined;
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  const temporary = await writeBeside(path, text);
  try {
    // A link appears with its whole text at once and never replaces a file that is there.
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * Replaces the record of a process that has ended. Two processes may find it at once, and the slower one must
 * not replace the record that the faster one has just put there; so this is done under a lock of its own,
 * which is taken by the same rules.
 */
async function takeOver(path: string, former: FoundRecord, text: string): Promise<boolean> {
  const guard = `${path}.takeover`;
  if ((await acquire(guard, text)) !== undefined) return false;
  try {
    if ((await readIfPresent(path)) !== former.text) return false;
    await replaceFile(path, text);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

/** Makes `path` the record of this process, or returns the live process whose record it is. */
async function acquire(path: string, text: string): Promise<RunRecord | undefined> {
  for (;;) {
    if (await createExclusively(path, text)) return undefined;
    const found = await find(path);
    if (found === undefined) continue;
    const holder = await liveHolder(found);
    if (holder !== undefined) return holder;
    if (await takeOver(path, found, text)) return undefined;
    await delay(10);
  }
}

/**
 * Takes DATA_DIR for this process. The record of a process that has ended does not count, even if another
 * process has its number by now. Throws {@link StartupError} when a live process holds DATA_DIR.
 */
export async function takeDataDir(dataDir: string): Promise<DataDirLock> {
  const path = recordFile(dataDir);
  const own = await identityOf(process.pid);
  const textFor = (databasePort: number | null): string =>
    `${JSON.stringify({ ...own, databasePort } satisfies RunRecord)}\n`;
  const holder = await acquire(path, textFor(null));
  if (holder !== undefined) {
    throw new StartupError(
      `DATA_DIR "${dataDir}" is in use by the gateway process ${String(holder.pid)}. ` +
        'Stop that process, or give this one a PORT and a DATA_DIR of its own.',
    );
  }
  return {
    publish: (databasePort) => replaceFile(path, textFor(databasePort)),
    release: async () => {
      const record = (await find(path))?.record;
      if (record?.pid === own.pid && record.started === own.started) await rm(path, { force: true });
    },
  };
}

/** The record of the live process that holds DATA_DIR, or undefined when none does. */
export async function findHolder(dataDir: string): Promise<RunRecord | undefined> {
  const found = await find(recordFile(dataDir));
  return found === undefined ? undefined : await liveHolder(found);
}
