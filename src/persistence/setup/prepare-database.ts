import { applyMigrations, tableNames, withStartClient } from './migrations.js';
import { REQUEST_TIMEOUTS, schemaOf, withSchema } from '../database/session.js';
import {
  assertMayUse,
  assertUsable,
  type DatabaseFacts,
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
 * @throws StartupError for what an operator can mend, with one sentence
 */
export async function prepareDatabase(url: string): Promise<PreparedDatabase> {
  const facts = await lookAt(url);
  const prepared = withSchema(url, assertUsable(facts, schemaOf(url)));
  const applied = await applyMigrations(prepared);
  await withStartClient(prepared, REQUEST_TIMEOUTS, async (client) => {
    await assertMayUse(client, await tableNames(), facts);
  });
  return { url: prepared, applied, warnings: facts.hasNewUnicodeOrder ? [NEW_ORDER] : [] };
}

/** Through sessions as requests have them: not all that these state is in effect anyway, so what gets lost shows. */
async function lookAt(url: string): Promise<DatabaseFacts> {
  return await withStartClient(url, REQUEST_TIMEOUTS, async (client) => {
    const facts = await readFacts(client, url, REQUEST_TIMEOUTS);
    const sharesSessions = await withStartClient(
      url,
      REQUEST_TIMEOUTS,
      async (other) => await shareSession(client, other),
    );
    return { ...facts, sharesSessions };
  });
}
