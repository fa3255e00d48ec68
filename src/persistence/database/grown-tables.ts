import type { Logger } from 'pino';
import { describeCause } from '../../logging/log.js';
import { startRounds } from '../../timing/rounds.js';
import type { RunStatement, Statement } from './database.js';
import { RowReader } from './row-reader.js';

// A session keeps the plan of a statement until statistics change. One that was made while a table was empty reads the whole
// table, and autovacuum looks once a minute: a thousand writes a second make a table of 60,000 rows meanwhile.

const LOOK_EVERY_MS = 5_000;
/** Smaller tables are read as fast as an index. */
const MIN_BLOCKS = 16;
/** A table is analysed when it has this many times the blocks that it had when it was analysed before. */
const GROWTH = 4;
/** About 80 MB. Larger tables take longer to be analysed, and autovacuum has seen them. */
const MAX_BLOCKS = 10_000;

/** Without those of another owner: who may not analyse a table gets a warning into PostgreSQL's log for it. */
const GROWN_TABLES: Statement = {
  name: 'grown-tables',
  text: `SELECT t.name FROM (
      SELECT c.relname::text AS name, c.relpages,
        pg_relation_size(c.oid) / current_setting('block_size')::integer AS blocks
      FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        AND pg_has_role(c.relowner, 'USAGE')
    ) t WHERE t.blocks BETWEEN greatest(${MIN_BLOCKS}, ${GROWTH} * t.relpages) AND ${MAX_BLOCKS}`,
  onLostConnection: 'nothing-written',
};

/** A table that somebody else analyses or changes is left to them. */
const analyse = (table: string): Statement => ({
  text: `ANALYZE (SKIP_LOCKED) "${table.replaceAll('"', '""')}"`,
  onLostConnection: 'nothing-written',
});

/** Analyses the tables that have grown to several times what their statistics are of. */
export async function analyseGrownTables(run: RunStatement): Promise<void> {
  for (const row of await run(GROWN_TABLES, [])) await run(analyse(RowReader.of(row).text('name')), []);
}

/** Does so from time to time. @returns what ends it */
export function startAnalysing({ run, log }: { run: RunStatement; log: Logger }): () => Promise<void> {
  return startRounds(async () => {
    try {
      await analyseGrownTables(run);
    } catch (error) {
      log.warn({ cause: describeCause(error) }, 'tables that have grown could not be analysed');
    }
  }, LOOK_EVERY_MS);
}
