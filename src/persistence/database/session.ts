import type pg from 'pg';

/**
 * What statements and the reading of their answers rely on. Server, database and role may have other defaults, so every
 * connection states them; a parameter of the connection itself beats those. Values as `pg_settings` shows them.
 */
const SETTINGS = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  array_nulls: 'on',
  transform_null_equals: 'off',
  // Anything else makes an index of texts leave out matches at random.
  gin_fuzzy_search_limit: '0',
  // A write checks for itself whether somebody was first; a stricter isolation would fail it instead.
  default_transaction_isolation: 'read committed',
  // An acknowledged write is on the disk, also where the server lets other databases lose their last ones.
  synchronous_commit: 'on',
  idle_session_timeout: '0',
} as const;

/** Milliseconds after which the server itself gives up; 0: never. */
export interface SessionTimeouts {
  readonly lock_timeout: number;
  readonly statement_timeout: number;
  readonly idle_in_transaction_session_timeout: number;
}

/**
 * Those of requests. The server knows that nothing was written; so it is to give up before the gateway does, which waits
 * ten seconds for an answer.
 */
export const REQUEST_TIMEOUTS: SessionTimeouts = {
  lock_timeout: 4_000,
  statement_timeout: 8_000,
  idle_in_transaction_session_timeout: 15_000,
};

/** Those of a start: a migration takes as long as it takes. */
export const NO_TIMEOUTS: SessionTimeouts = {
  lock_timeout: 0,
  statement_timeout: 0,
  idle_in_transaction_session_timeout: 0,
};

/** Parameter of a database's URL that names the schema, as Prisma has it. */
const SCHEMA_PARAMETER = 'schema';

/** The schema that the URL of a database names; null when it names none. */
export function schemaOf(url: string): string | null {
  return new URL(url).searchParams.get(SCHEMA_PARAMETER);
}

/** The same database, and always this schema. */
export function withSchema(url: string, schema: string): string {
  const changed = new URL(url);
  changed.searchParams.set(SCHEMA_PARAMETER, schema);
  return changed.href;
}

/** What a session states, by the name of the setting. */
export function sessionSettings(
  timeouts: SessionTimeouts,
  schemas: readonly string[],
): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(SETTINGS),
    ...Object.entries(timeouts).map(([name, value]): [string, string] => [name, String(value)]),
    // Without a schema the session comes to that of its role or database.
    ...(schemas.length === 0 ? [] : [['search_path', schemas.map(quoted).join(', ')] as const]),
  ]);
}

/**
 * How a connection of this process is opened: the URL's own parameters, but for those that the session states itself.
 * @param moreSchemas where names are looked for behind the URL's schema
 */
export function sessionConfig(
  url: string,
  timeouts: SessionTimeouts,
  moreSchemas: readonly string[] = [],
): pg.ClientConfig {
  const schema = schemaOf(url);
  const schemas = schema === null ? moreSchemas : [schema, ...moreSchemas];
  const settings = sessionSettings(timeouts, schemas);
  const theirs = new URL(url).searchParams.get('options');
  const ours = [...settings].map(([name, value]) => `-c ${name}=${escaped(value)}`);
  return {
    connectionString: withoutParameters(url, [...settings.keys()]),
    // The last one counts.
    options: [...(theirs === null ? [] : [theirs]), ...ours].join(' '),
  };
}

/** How one is opened that states nothing, because a pooler in transaction mode would drop it: sessions there are as their role has them. */
export function unstatedConfig(url: string): pg.ClientConfig {
  return { connectionString: withoutParameters(url, [...sessionSettings(REQUEST_TIMEOUTS, []).keys()]) };
}

/** A URL without parameters of these names, and without those that say how a session is opened. */
function withoutParameters(url: string, names: readonly string[]): string {
  const bare = new URL(url);
  const unwanted = new Set([...names, SCHEMA_PARAMETER, 'options'].map((name) => name.toLowerCase()));
  for (const name of [...bare.searchParams.keys()]) {
    if (unwanted.has(name.toLowerCase())) bare.searchParams.delete(name);
  }
  return bare.href;
}

/** In the options of a connection a space ends a value. */
function escaped(value: string): string {
  return value.replaceAll(/[\\\s]/g, String.raw`\$&`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
