import type { Database, RunStatement } from './database.js';

/** The same database, which says after each statement and transaction that may have changed something that it may have. */
export function tellingDatabase(database: Database, onWritten: () => void): Database {
  const told = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing;
    } finally {
      // Also when nobody knows whether it was committed.
      onWritten();
    }
  };
  const telling =
    (run: RunStatement): RunStatement =>
    async (statement, values) =>
      await (statement.kind === 'write' ? told(run(statement, values)) : run(statement, values));
  return {
    ...database,
    run: telling(database.run),
    runThroughPrisma: telling(database.runThroughPrisma),
    transaction: async (work) => await told(database.transaction(work)),
  };
}
