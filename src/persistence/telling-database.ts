import type { Database, RunStatement } from './database.js';

/** The same database, which says after each statement and transaction that may have changed something that it may have. */
export function tellingDatabase(database: Database, onWritten: () => void): Database {
  const telling =
    (run: RunStatement): RunStatement =>
    async (statement, values) => {
      try {
        return await run(statement, values);
      } finally {
        // Also when nobody knows whether it was committed.
        if (statement.kind === 'write') onWritten();
      }
    };
  return {
    ...database,
    run: telling(database.run),
    runThroughPrisma: telling(database.runThroughPrisma),
    transaction: async (work) => {
      try {
        return await database.transaction(work);
      } finally {
        onWritten();
      }
    },
  };
}
