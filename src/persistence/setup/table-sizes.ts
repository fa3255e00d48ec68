import type { Database, Statement } from '../database/database.js';
import { RowReader } from '../database/row-reader.js';

const TABLE_SIZES: Statement = {
  name: 'table-sizes',
  text: `SELECT c.relname::text AS name, pg_total_relation_size(c.oid)::text AS bytes FROM pg_class c
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace`,
  onLostConnection: 'nothing-written',
};

/** The size of each table of the gateway's schema in bytes, with its indexes. */
export async function tableSizes({ run }: Pick<Database, 'run'>): Promise<ReadonlyMap<string, number>> {
  const rows = (await run(TABLE_SIZES, [])).map((raw) => RowReader.of(raw));
  return new Map(rows.map((row) => [row.text('name'), Number(row.text('bytes'))]));
}
