import type { Database, RunStatement } from './database.js';

/**
 * Called for every statement that ended.
 * @param name one of a small set
 * @param seconds since it was requested: the wait for a connection is a part of it
 */
export type OnStatement = (name: string, seconds: number) => void;

/** The same database, which measures how long its statements take. Those through Prisma are all called `prisma`. */
export function instrumentedDatabase(database: Database, onStatement: OnStatement): Database {
  const timed = async <T>(name: string, work: Promise<T>, begin: number): Promise<T> => {
    try {
      return await work;
    } finally {
      onStatement(name, (performance.now() - begin) / 1_000);
    }
  };
  const measured =
    (run: RunStatement): RunStatement =>
    async (statement, values) => {
      const begin = performance.now();
      return await timed(statement.name ?? 'other', run(statement, values), begin);
    };
  return {
    ...database,
    prisma: database.prisma.$extends({
      query: {
        $allOperations: async ({ args, query }): Promise<unknown> =>
          await timed<unknown>('prisma', query(args), performance.now()),
      },
    }),
    run: measured(database.run),
    runThroughPrisma: measured(database.runThroughPrisma),
    transaction: async (work) => await database.transaction(async (run) => await work(measured(run))),
  };
}
