import pg from 'pg';
import { vi } from 'vitest';
import { z } from 'zod';

/** What tells others of changes runs beside requests, and what looks for tables that have grown. */
const BESIDE_REQUESTS: readonly string[] = [
  'pg_current_snapshot',
  'pg_relation_size',
  'ANALYZE (SKIP_LOCKED)',
];

/** A statement and the values of its placeholders. */
interface SentStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Names of databases of gateways that other test files share: they go on beside whoever counts. */
const sharedDatabases = new Set<string>();

/** Statements on this database are counted by nobody. */
export function ignoreStatementsOn(databaseUrl: string): void {
  sharedDatabases.add(new URL(databaseUrl).pathname.slice(1));
}

/** Counts the statements of requests on their way to the driver. */
export function spyOnStatements() {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  const statements = (): readonly SentStatement[] =>
    spy.mock.calls
      .filter((_, place) => !isShared(spy.mock.contexts[place]))
      .map(([statement]) => ({ text: textOf(statement), values: valuesOf(statement) }))
      .filter(({ text }) => !BESIDE_REQUESTS.some((part) => text.includes(part)));
  return {
    /** All of them since the last `clear`. */
    statements,
    /** Their texts since the last `clear`. */
    texts: (): readonly string[] => statements().map(({ text }) => text),
    clear: (): void => {
      spy.mockClear();
    },
    restore: (): void => {
      spy.mockRestore();
    },
  };
}

const explained = z.tuple([
  z.object({
    'QUERY PLAN': z.tuple([
      z.object({ Plan: z.object({ 'Shared Hit Blocks': z.int(), 'Shared Read Blocks': z.int() }) }),
    ]),
  }),
]);

/** How many blocks of the database a statement looks at, with the plan that it has for its values. */
export async function blocksOf(
  sql: pg.ClientBase | pg.Pool,
  statement: SentStatement | undefined,
): Promise<number> {
  if (statement === undefined) throw new Error('There is no statement.');
  const { rows } = await sql.query<object>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement.text}`, [
    ...statement.values,
  ]);
  const { 'Shared Hit Blocks': hit, 'Shared Read Blocks': read } =
    explained.parse(rows)[0]['QUERY PLAN'][0].Plan;
  return hit + read;
}

function isShared(client: unknown): boolean {
  return client instanceof pg.Client && sharedDatabases.has(client.database ?? '');
}

function textOf(statement: unknown): string {
  return typeof statement === 'object' && statement !== null && 'text' in statement
    ? String(statement.text)
    : String(statement);
}

function valuesOf(statement: unknown): readonly unknown[] {
  const isConfig = typeof statement === 'object' && statement !== null && 'values' in statement;
  return isConfig && Array.isArray(statement.values) ? statement.values : [];
}
