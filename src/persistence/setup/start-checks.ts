import { randomInt, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { StartupError } from '../../errors/startup-error.js';
import type { RawRow } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';
import { sessionSettings, type SessionTimeouts } from '../database/session.js';

/** Says in one sentence why a database cannot be used; which setting names it, the message does not say. */
export class DatabaseRefusal extends StartupError {}

/** What a start finds of a database and cannot change. */
export interface DatabaseFacts {
  /** As `server_version_num` has it: 150004 is 15.4. */
  readonly version: number;
  readonly encoding: string;
  readonly user: string;
  /** Where tables are made and looked for; null where there is no such schema, or no right to use it. */
  readonly schema: string | null;
  /** Whether the list of applied migrations may be read, where there is one. */
  readonly mayReadHistory: boolean;
  readonly runsTriggers: boolean;
  /** Whether texts can be put into Unicode's order, whatever the database's own. */
  readonly hasUnicodeOrder: boolean;
  /** Whether that order is another one than the indexes were made with. */
  readonly hasNewUnicodeOrder: boolean;
  /** Where the extension is; null where it is not installed. */
  readonly extensionSchema: string | null;
  readonly mayUseExtension: boolean;
  /** Settings that requests rely on and that are not in effect, each as ALTER ROLE sets it. */
  readonly lostSettings: readonly string[];
  /** Whether another connection comes to the same session. */
  readonly sharesSessions: boolean;
}

const OLDEST_VERSION = 150_000;

/** The order of names: Unicode's root order, which is the same in every database. */
export const UNICODE_ORDER = 'und-x-icu';

const FACTS = `SELECT current_setting('server_version_num')::integer AS version,
    current_setting('server_encoding') AS encoding, current_user::text AS user, current_schema()::text AS schema,
    coalesce(has_table_privilege(to_regclass(quote_ident(current_schema()) || '._prisma_migrations'), 'SELECT'), true)
      AS may_read_history,
    current_setting('session_replication_role') <> 'replica' AS runs_triggers,
    EXISTS (SELECT FROM pg_collation WHERE collname = $2) AS has_unicode_order,
    EXISTS (SELECT FROM pg_collation WHERE collname = $2 AND collversion <> pg_collation_actual_version(oid))
      AS has_new_unicode_order,
    (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm')
      AS extension_schema,
    coalesce((SELECT has_schema_privilege(e.extnamespace, 'USAGE') FROM pg_extension e WHERE e.extname = 'pg_trgm'), false)
      AS may_use_extension,
    array(SELECT CASE stated.name WHEN 'search_path' THEN 'search_path = ' || stated.value
        ELSE format('%I = %L', stated.name, stated.value) END
      FROM jsonb_each_text($1::jsonb) AS stated(name, value) LEFT JOIN pg_settings s ON s.name = stated.name
      -- A role's search path is shown with no more quotes than it needs.
      WHERE replace(s.setting, '"', '') IS DISTINCT FROM replace(stated.value, '"', '')
        -- remote_apply is stricter than what is stated.
        AND (s.name, s.setting) IS DISTINCT FROM ('synchronous_commit', 'remote_apply')) AS lost_settings`;

/** What a session finds; whether it is shared takes a second one. */
export type SessionFacts = Omit<DatabaseFacts, 'sharesSessions'>;

/**
 * Looks at a database.
 * @param schema that the session stated, if it did
 * @param timeouts those that are to be in effect
 */
export async function readFacts(
  client: pg.ClientBase,
  schema: string | null,
  timeouts: SessionTimeouts,
): Promise<SessionFacts> {
  const stated = sessionSettings(timeouts, schema === null ? [] : [schema]);
  const { rows } = await client.query<RawRow>(FACTS, [
    JSON.stringify(Object.fromEntries(stated)),
    UNICODE_ORDER,
  ]);
  const row = RowReader.of(rows[0] ?? {});
  return {
    version: row.int('version'),
    encoding: row.text('encoding'),
    user: row.text('user'),
    schema: row.textOrNull('schema'),
    mayReadHistory: row.flag('may_read_history'),
    runsTriggers: row.flag('runs_triggers'),
    hasUnicodeOrder: row.flag('has_unicode_order'),
    hasNewUnicodeOrder: row.flag('has_new_unicode_order'),
    extensionSchema: row.textOrNull('extension_schema'),
    mayUseExtension: row.flag('may_use_extension'),
    lostSettings: row.list('lost_settings').map(String),
  };
}

const MARK = `SELECT set_config('device_gateway.session', $1, false)`;
const READ_MARK = `SELECT current_setting('device_gateway.session', true) AS mark`;

/** Whether two connections that are open at once come to one session, as behind a pooler that only keeps transactions. */
export async function shareSession(one: pg.ClientBase, other: pg.ClientBase): Promise<boolean> {
  const mark = randomUUID();
  await one.query(MARK, [mark]);
  const { rows } = await other.query<RawRow>(READ_MARK);
  return RowReader.of(rows[0] ?? {}).textOrNull('mark') === mark;
}

/** Any number will do that other advisory locks of two keys do not use. */
const SAME_DATABASE_LOCK = 4_710_043;
const SEES_LOCK = `SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
  AND classid = $1 AND objid = $2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS sees`;

/**
 * Makes sure that two connections come to one database: a lock that one takes is there for the other.
 * @param direct keeps its session
 * @throws DatabaseRefusal with one sentence
 */
export async function assertSameDatabase(direct: pg.ClientBase, other: pg.ClientBase): Promise<void> {
  const lock = [SAME_DATABASE_LOCK, randomInt(2 ** 31)];
  await direct.query('SELECT pg_advisory_lock($1, $2)', lock);
  const { rows } = await other.query<RawRow>(SEES_LOCK, lock);
  if (RowReader.of(rows[0] ?? {}).flag('sees')) return;
  throw refusal(
    'the pooler leads to another database than DATABASE_DIRECT_URL; have both name the same server and database.',
  );
}

/**
 * Makes sure that a database is one that the gateway can work with.
 * @param wanted the schema that DATABASE_URL names, if it does
 * @returns the schema that its tables are in
 * @throws StartupError with one sentence
 */
export function assertUsable(facts: DatabaseFacts, wanted: string | null): string {
  const { schema } = facts;
  if (facts.version < OLDEST_VERSION) {
    throw refusal(
      `the server is PostgreSQL ${Math.floor(facts.version / 10_000)}, and the gateway needs 15 or newer.`,
    );
  }
  if (facts.encoding !== 'UTF8') {
    throw refusal(
      `the database has the encoding ${facts.encoding}, which cannot hold every text; make one with ENCODING 'UTF8'.`,
    );
  }
  if (facts.lostSettings.length > 0) {
    throw refusal(
      `a pooler drops settings of sessions; connect to PostgreSQL itself, or set them for the role: ` +
        `${facts.lostSettings.map((setting) => `ALTER ROLE "${facts.user}" SET ${setting}`).join('; ')}.`,
    );
  }
  if (facts.sharesSessions) {
    throw refusal(
      'a pooler gives a session to several connections; connect to PostgreSQL itself, let the pooler keep sessions (PgBouncer: session mode), ' +
        'or set DATABASE_POOLER=transaction and DATABASE_DIRECT_URL.',
    );
  }
  if (schema === null) throw refusal(missingSchema(facts.user, wanted));
  if (!facts.mayReadHistory) {
    throw refusal(
      `user "${facts.user}" may not read the table _prisma_migrations in schema "${schema}"; grant SELECT on it.`,
    );
  }
  if (!facts.runsTriggers) {
    throw refusal('session_replication_role is "replica", so triggers do not run; set it to "origin".');
  }
  if (!facts.hasUnicodeOrder) {
    throw refusal(
      `the server lacks the collation "${UNICODE_ORDER}"; use a PostgreSQL that is built with ICU.`,
    );
  }
  return schema;
}

function missingSchema(user: string, wanted: string | null): string {
  return wanted === null
    ? `no schema of the search path of user "${user}" is there for it; make one, or name one with ?schema=.`
    : `there is no schema "${wanted}" that user "${user}" may use; make it, or grant USAGE on it.`;
}

const RIGHT_TO_MIGRATE = `SELECT has_schema_privilege(current_schema(), 'CREATE') AS may_create,
  EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') AS is_available,
  has_database_privilege(current_database(), 'CREATE') AS may_extend`;

/**
 * Makes sure that migrations can be applied.
 * @throws StartupError with one sentence
 */
export async function assertMayMigrate(client: pg.ClientBase, facts: SessionFacts): Promise<void> {
  const { rows } = await client.query<RawRow>(RIGHT_TO_MIGRATE);
  const row = RowReader.of(rows[0] ?? {});
  const { schema, user, extensionSchema } = facts;
  if (!row.flag('may_create')) {
    throw refusal(
      `user "${user}" may not make tables in schema "${schema ?? ''}"; grant CREATE on it, or run npm run db:deploy as another user.`,
    );
  }
  if (extensionSchema !== null && !facts.mayUseExtension) {
    throw refusal(
      `user "${user}" may not use the extension pg_trgm, which is in schema "${extensionSchema}"; grant USAGE on it.`,
    );
  }
  if (extensionSchema !== null) return;
  if (!row.flag('is_available')) {
    throw refusal('the server lacks the extension pg_trgm; install the contrib package of PostgreSQL.');
  }
  if (!row.flag('may_extend')) {
    throw refusal(
      `the database lacks the extension pg_trgm, and user "${user}" may not make it; make it as another user, or grant CREATE on the database.`,
    );
  }
}

const MISSING_RIGHTS = `WITH wanted AS (
    SELECT c.oid, c.relname FROM unnest($1::text[]) AS t(name)
    JOIN pg_class c ON c.relname = t.name JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
  )
  SELECT relname::text AS name FROM wanted CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS r(right_name)
  WHERE NOT has_table_privilege(oid, right_name)
  UNION SELECT s.relname::text FROM wanted JOIN pg_depend d ON d.refobjid = wanted.oid
    AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
  JOIN pg_class s ON s.oid = d.objid WHERE CASE s.relkind WHEN 'S' THEN NOT has_sequence_privilege(s.oid, 'USAGE') END
  ORDER BY 1`;

/**
 * Makes sure that the tables can be read and written.
 * @param tables their names
 * @throws StartupError with one sentence
 */
export async function assertMayUse(
  client: pg.ClientBase,
  tables: readonly string[],
  { user, schema }: DatabaseFacts,
): Promise<void> {
  const { rows } = await client.query<RawRow>(MISSING_RIGHTS, [tables]);
  if (rows.length === 0) return;
  const names = rows.map((row) => RowReader.of(row).text('name')).join(', ');
  throw refusal(
    `user "${user}" may not read and write everything in schema "${schema ?? ''}" (${names}); ` +
      'grant SELECT, INSERT, UPDATE, DELETE on its tables and USAGE on its sequences.',
  );
}

function refusal(sentence: string): DatabaseRefusal {
  return new DatabaseRefusal(sentence);
}
