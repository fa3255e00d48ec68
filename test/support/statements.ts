import pg from 'pg';
import { vi } from 'vitest';

/** What tells others of changes runs beside requests, on a connection of its own. */
const OF_THE_FEED = 'pg_current_snapshot';

/** Counts the statements of requests on their way to the driver. */
export function spyOnStatements() {
  const spy = vi.spyOn(pg.Client.prototype, 'query');
  return {
    /** Their texts since the last `clear`. */
    texts: (): readonly string[] =>
      spy.mock.calls.map(([statement]) => textOf(statement)).filter((text) => !text.includes(OF_THE_FEED)),
    clear: (): void => {
      spy.mockClear();
    },
    restore: (): void => {
      spy.mockRestore();
    },
  };
}

function textOf(statement: unknown): string {
  return typeof statement === 'object' && statement !== null && 'text' in statement
    ? String(statement.text)
    : String(statement);
}
