import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { describeCause } from '../../logging/log.js';
import { mayComeUp } from '../database/database-errors.js';
import { type Database, openDatabase } from '../database/database.js';
import { dataDirKeyRing } from '../../data-dir/secrets.js';
import { runningEmbeddedUrl, startEmbeddedPostgres } from '../../embedded-postgres/embedded-postgres.js';
import { idempotencySecret } from '../idempotency/idempotency-secret.js';
import { checkKeyRing } from '../secrets/key-ring-check.js';
import { KeyRing, type SecretKey } from '../../secrets/key-ring.js';
import {
  assertPooled,
  type DatabaseUrls,
  namingSetting,
  prepareDatabase,
  sessionTarget,
} from './prepare-database.js';

/** Where a command finds its data. */
export interface StorageSettings extends DatabaseUrls {
  readonly databaseWaitMs: number;
  readonly dataDir: string;
  readonly secretKeys: readonly [SecretKey, ...SecretKey[]] | undefined;
}

/** A database at the newest migration, and the key ring that opens what it holds. */
export interface Storage {
  readonly database: Database;
  /** Of the database, for connections that keep their session, beside the pool; it names the schema. */
  readonly url: string;
  readonly keyRing: KeyRing;
  /** Under which idempotency keys are digested. */
  readonly idempotencySecret: Buffer;
  readonly isEmbedded: boolean;
  readonly close: () => Promise<void>;
}

/**
 * Opens the database of the settings: at DATABASE_URL, or embedded in DATA_DIR.
 * @param share whether an embedded database that another process already serves will do
 * @throws StartupError when it cannot be reached, migrated or read
 */
export async function openStorage(settings: StorageSettings, log: Logger, share = false): Promise<Storage> {
  const server = await openServer(settings, log, share);
  let database: Database | undefined;
  try {
    const { url, poolerUrl } = await prepare(server.url, settings, log);
    const keyRing = new KeyRing(settings.secretKeys ?? (await dataDirKeyRing(settings.dataDir)));
    database = openDatabase(
      poolerUrl ?? url,
      (error) => log.warn({ cause: describeCause(error) }, 'a database connection broke'),
      poolerUrl === undefined ? 'session' : 'transaction',
    );
    await checkKeyRing(database.prisma, keyRing);
    const opened = database;
    return {
      database,
      url,
      keyRing,
      idempotencySecret: await idempotencySecret(database, keyRing),
      isEmbedded: settings.databaseUrl === undefined,
      close: async () => {
        try {
          await opened.close();
        } finally {
          await server.stop();
        }
      },
    };
  } catch (error) {
    await database?.close();
    await server.stop();
    throw error;
  }
}

interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

async function openServer(
  { databaseUrl, dataDir }: StorageSettings,
  log: Logger,
  share: boolean,
): Promise<Server> {
  const url = databaseUrl ?? (share ? await runningEmbeddedUrl(dataDir) : undefined);
  if (url !== undefined) return { url, stop: async () => await Promise.resolve() };
  return await startEmbeddedPostgres({ dataDir, onLog: (line) => log.debug({ line }, 'postgresql') });
}

/** @returns where sessions are kept, and the pooler that keeps none, if there is one */
async function prepare(
  serverUrl: string,
  settings: StorageSettings,
  log: Logger,
): Promise<{ readonly url: string; readonly poolerUrl: string | undefined }> {
  const { databaseUrl, databaseDirectUrl } = settings;
  const patienceMs = databaseUrl === undefined ? 0 : settings.databaseWaitMs;
  const reach = async <T>(setting: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await onceItIsUp(patienceMs, log, work);
    } catch (error) {
      throw databaseUrl === undefined ? error : namingSetting(setting, error);
    }
  };
  const target = sessionTarget(serverUrl, settings);
  const { url, applied, warnings } = await reach(
    target.setting,
    async () => await prepareDatabase(target.url),
  );
  for (const warning of warnings) log.warn(warning);
  if (applied.length > 0) log.info({ applied }, 'migrations applied');
  if (databaseDirectUrl === undefined) return { url, poolerUrl: undefined };
  return { url, poolerUrl: await reach('DATABASE_URL', async () => await assertPooled(serverUrl, url)) };
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;

/** Tries again while the server may only be coming up, as when both are started at once; what is wrong for good is thrown. */
async function onceItIsUp<T>(patienceMs: number, log: Logger, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || !mayComeUp(error)) throw error;
      if (waitMs === FIRST_WAIT_MS) {
        log.warn({ cause: describeCause(error), patienceMs }, 'waiting for the database server');
      }
      await delay(Math.min(waitMs, leftMs));
    }
  }
}
