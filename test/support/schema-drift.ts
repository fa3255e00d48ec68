import pg from 'pg';
import { openSchemaEngine } from '../../src/persistence/setup/schema-engine.js';
import { runIn } from './database.js';

// Whether schema.prisma and the migrations describe the same database: the engine cannot read a live one through the adapter
// (it lacks the type "char"), so both are made and compared.

/** Everything about a database that schema.prisma can express, one line for each thing. */
export async function describeDatabase(url: string): Promise<readonly string[]> {
  const rows = await runIn(
    url,
    `SELECT concat_ws(' ', 'column', table_name, column_name, data_type, udt_name, is_nullable, column_default,
                      datetime_precision) AS line
       FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL
     SELECT 'index ' || regexp_replace(indexdef, ' COLLATE "C"', '', 'g') FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL
     SELECT concat_ws(' ', 'key', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f', 'u')
     UNION ALL
     SELECT concat_ws(' ', 'enum', typname, enumsortorder, enumlabel)
       FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
     ORDER BY line`,
  );
  return (
    rows
      .map((row) => ('line' in row ? String(row.line) : ''))
      // Operator classes of extensions, collations, expressions and conditions of indexes are beyond Prisma's language.
      .filter((line) => !/_prisma_migrations|_trgm_ops|^index .* (COLLATE|WHERE \(|\(lower\()/.test(line))
  );
}

/** The script that Prisma makes of a schema.prisma. */
export async function scriptOf(url: string, schema: string): Promise<string> {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  try {
    const engine = await openSchemaEngine(pool, schema);
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } finally {
    await pool.end();
  }
}
