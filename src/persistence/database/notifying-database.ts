import type { Database, RunStatement } from './database.js';

/**
 * The same database, which says after each statement that changes devices, and after the end of a transaction with such a
 * statement, that there may be changes to read.
 */
export function notifyingDatabase(database: Database, onChanged: () => void): Database {
  const notifying =
    (run: RunStatement): RunStatement =>
    async (statement, values) => {
      try {
        return await run(statement, values);
      } finally {
        // Also when nobody knows whether it was committed.
        if (statement.changesDevices) onChanged();
      }
    };
  return {
    ...database,
    run: notifying(database.run),
    runThroughPrisma: notifying(database.runThroughPrisma),
    transaction: async (work) => {
      const seen = { changes: false };
      try {
        return await database.transaction(
          async (run) =>
            await work(async (statement, values) => {
              seen.changes ||= statement.changesDevices === true;
              return await run(statement, values);
            }),
        );
      } finally {
        if (seen.changes) onChanged();
      }
    },
  };
}
