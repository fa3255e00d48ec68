import { StartupError } from '../../errors/startup-error.js';
import { connectErrorReason } from '../database/database-errors.js';
import { applyMigrations, isMigrated, tableNames, withStartClient } from './migrations.js';
import {
  REQUEST_TIMEOUTS,
  schemaOf,
  sessionConfig,
  unstatedConfig,
  withSchema,
} from '../database/session.js';
import {
  assertMayUse,
  assertSameDatabase,
  assertUsable,
  type DatabaseFacts,
  DatabaseRefusal,
  readFacts,
  shareSession,
  UNICODE_ORDER,
} from './start-checks.js';

/** A database that the gateway can work with, at the newest migration. */
export interface PreparedDatabase {
  /** Its URL, which names its schema whoever connects. */
  readonly url: string;
  /** The names of the migrations that were applied. */
  readonly applied: readonly string[];
  /** What works, and an operator should see to. */
  readonly warnings: readonly string[];
}

const NEW_ORDER =
  `The order of names (collation "${UNICODE_ORDER}") changed with the server's ICU: ` +
  `run REINDEX DATABASE, then ALTER COLLATION "${UNICODE_ORDER}" REFRESH VERSION`;

/**
 * Checks what a connection cannot set, and applies the migrations.
 * @param url of PostgreSQL itself, or of a pooler that keeps sessions
 * @throws DatabaseRefusal for what an operator can mend, with one sentence
 */
export async function prepareDatabase(url: string): Promise<PreparedDatabase> {
  const { facts, prepared, isReady } = await lookAt(url);
  const warnings = facts.hasNewUnicodeOrder ? [NEW_ORDER] : [];
  if (isReady) return { url: prepared, applied: [], warnings };
  const applied = await applyMigrations(prepared);
  await withStartClient(sessionConfig(prepared, REQUEST_TIMEOUTS), async (client) => {
    await assertMayUse(client, await tableNames(), facts);
  });
  return { url: prepared, applied, warnings };
}

/**
 * Looks through sessions with the settings of requests. Some of these differ from the server's own, so it shows when a pooler
 * drops them.
 * @returns also the URL with its schema, and whether nothing is left to do, which most starts find on this one connection
 */
async function lookAt(
  url: string,
): Promise<{ readonly facts: DatabaseFacts; readonly prepared: string; readonly isReady: boolean }> {
  const config = sessionConfig(url, REQUEST_TIMEOUTS);
  return await withStartClient(config, async (client) => {
    const session = await readFacts(client, schemaOf(url), REQUEST_TIMEOUTS);
    const sharesSessions = await withStartClient(config, async (other) => await shareSession(client, other));
    const facts = { ...session, sharesSessions };
    const prepared = withSchema(url, assertUsable(facts, schemaOf(url)));
    const isReady = await isMigrated(client);
    if (isReady) await assertMayUse(client, await tableNames(), facts);
    return { facts, prepared, isReady };
  });
}

/**
 * Checks that a pooler in transaction mode leads to a prepared database, in sessions that are as requests need them.
 * @returns the pooler's URL, which names the schema
 * @throws DatabaseRefusal with one sentence
 */
export async function assertPooled(poolerUrl: string, directUrl: string): Promise<string> {
  return await withStartClient(unstatedConfig(poolerUrl), async (client) => {
    const facts = { ...(await readFacts(client, null, REQUEST_TIMEOUTS)), sharesSessions: false };
    const schema = assertUsable(facts, null);
    const wanted = schemaOf(directUrl);
    await withStartClient(sessionConfig(directUrl, REQUEST_TIMEOUTS), async (direct) => {
      await assertSameDatabase(direct, client);
    });
    if (schema !== wanted) {
      throw new DatabaseRefusal(
        `sessions behind the pooler come to the schema "${schema}", and the tables are in "${wanted ?? ''}"; ` +
          `set it for the role: ALTER ROLE "${facts.user}" SET search_path = "${wanted ?? ''}".`,
      );
    }
    await assertMayUse(client, await tableNames(), facts);
    return withSchema(poolerUrl, schema);
  });
}

/** Where a database is that this process has not started. */
export interface DatabaseUrls {
  readonly databaseUrl: string | undefined;
  /** Past the pooler; set where `databaseUrl` is one in transaction mode. */
  readonly databaseDirectUrl?: string | undefined;
}

/** Where sessions are kept: the URL, and the setting that says so. The schema is the pooler's where this URL names none. */
export function sessionTarget(
  url: string,
  { databaseDirectUrl }: DatabaseUrls,
): { readonly url: string; readonly setting: string } {
  if (databaseDirectUrl === undefined) return { url, setting: 'DATABASE_URL' };
  const schema = schemaOf(databaseDirectUrl) ?? schemaOf(url);
  return {
    url: schema === null ? databaseDirectUrl : withSchema(databaseDirectUrl, schema),
    setting: 'DATABASE_DIRECT_URL',
  };
}

/**
 * What a start says of an error with a database: any other than those of databases stays as it is.
 * @param setting that names the database
 */
export function namingSetting(setting: string, error: unknown): unknown {
  const reason = error instanceof DatabaseRefusal ? error.message : connectErrorReason(error);
  return reason === undefined ? error : new StartupError(`${setting}: ${reason}`);
}
