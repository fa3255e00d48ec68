import type { Statement } from '../database/database.js';
import type { RowReader } from '../database/row-reader.js';
import { PASSWORD_COLUMNS } from '../rows/fields.js';

// The rows that hold sealed WiFi passwords, page by page: devices as they are, and what they were before their changes.

/** The columns of passwords, by which every row is selected and written. */
const PASSWORDS = Object.values(PASSWORD_COLUMNS);

/** Where sealed passwords are kept. */
export interface SealedRows {
  /** Rows of one page after a place, at most `$1` of them: those under another key than the one with the prefix `$2`, and the last one. */
  readonly findStale: Statement;
  /** Writes the rows of `$1`. @see sealStatement */
  readonly sealAnew: Statement;
  /** Counts passwords by key in at most `$1` rows after a place. */
  readonly countByKey: Statement;
  /** The place before the first row. */
  readonly start: readonly unknown[];
  /** The place of a row. */
  readonly placeOf: (row: RowReader) => readonly unknown[];
}

/** What a table is to these statements. */
interface Source {
  readonly name: string;
  readonly from: string;
  /** An expression for each column of a password. */
  readonly password: (column: string) => string;
  /** The columns of a row's place, and what they are called in the statements. */
  readonly place: Readonly<Record<string, string>>;
  /** Placeholders of the place that a page begins after, the first of which has this number. */
  readonly after: (first: number) => string;
  readonly start: readonly unknown[];
  readonly placeOf: SealedRows['placeOf'];
  /** What joins a row to what is written to it, and how it is written. */
  readonly isRow: string;
  readonly set: string;
  readonly table: string;
}

function sealedRows(source: Source): SealedRows {
  const { name, from, password, place, after } = source;
  const names = Object.keys(place);
  const order = Object.values(place).join(', ');
  const page = (first: number): string => `page AS (
      SELECT ${Object.entries(place)
        .map(([alias, column]) => `${column} AS ${alias}`)
        .join(', ')}, row_number() OVER (ORDER BY ${order}) AS row_in_page,
        ${PASSWORDS.map((column) => `${password(column)} AS ${column}`).join(', ')}
      FROM ${from} AND (${order}) > (${after(first)}) ORDER BY ${order} LIMIT $1
    )`;
  const isLast = 'row_in_page = (SELECT count(*) FROM page)';
  const isStale = PASSWORDS.map((column) => `coalesce(NOT starts_with(${column}, $2), false)`).join(' OR ');
  const columns = names.map((alias) => (alias === 'entry' ? `${alias}::text` : alias)).join(', ');
  return {
    start: source.start,
    placeOf: source.placeOf,
    findStale: {
      name: `find-stale-${name}`,
      text: `WITH ${page(3)}
        SELECT ${columns}, row_in_page::integer AS row_in_page, ${PASSWORDS.join(', ')}, ${isStale} AS is_stale
        FROM page WHERE ${isStale} OR ${isLast} ORDER BY row_in_page`,
      onLostConnection: 'nothing-written',
    },
    sealAnew: sealStatement(source),
    countByKey: {
      name: `count-${name}-by-key`,
      text: `WITH ${page(2)}, counts AS (
          SELECT coalesce(substring(sealed FROM '^v1\\.([A-Za-z0-9_-]{1,32})\\.'), '') AS key_id, count(*)::integer AS passwords
          FROM page CROSS JOIN LATERAL (VALUES ${PASSWORDS.map((column) => `(${column})`).join(', ')}) AS s(sealed)
          WHERE sealed IS NOT NULL GROUP BY 1
        )
        SELECT ${columns}, (SELECT count(*)::integer FROM page) AS row_count, key_id, passwords
        FROM (SELECT * FROM page WHERE ${isLast}) last LEFT JOIN counts ON true`,
      onLostConnection: 'nothing-written',
    },
  };
}

/**
 * Compares what is stored with what was opened, so it cannot overwrite what somebody else wrote in between. A row that is
 * being changed is not waited for: the others of the page would be locked meanwhile.
 */
function sealStatement({ name, table, password, place, isRow, set }: Source): Statement {
  const unchanged = PASSWORDS.map(
    (column) => `${password(column)} IS NOT DISTINCT FROM change.old_${column}`,
  ).join(' AND ');
  const names = Object.keys(place);
  const isSame = names.map((alias) => `free.${alias} = change.${alias}`).join(' AND ');
  return {
    name: `seal-${name}-anew`,
    text: `WITH change AS (
        SELECT * FROM jsonb_to_recordset($1::jsonb) AS t(
          ${names.map((alias) => `${alias} ${TYPES[alias] ?? 'text'}`).join(', ')},
          ${PASSWORDS.flatMap((column) => [`old_${column} text`, `${column} text`]).join(', ')})
      ), free AS (
        SELECT change.* FROM ${table} JOIN change ON ${isRow} WHERE ${unchanged} FOR NO KEY UPDATE OF r SKIP LOCKED
      )
      UPDATE ${table} SET ${set} FROM change JOIN free ON ${isSame} WHERE ${isRow} AND ${unchanged}
      RETURNING change.id`,
    onLostConnection: 'unknown',
  };
}

const TYPES: Readonly<Record<string, string>> = { version: 'integer', entry: 'bigint' };

/** Devices as they are. */
export const DEVICE_ROWS = sealedRows({
  name: 'secrets',
  table: 'network_device r',
  from: 'network_device r WHERE true',
  password: (column) => `r.${column}`,
  place: { id: 'r.id' },
  after: (first) => `$${first}`,
  start: [''],
  placeOf: (row) => [row.text('id')],
  isRow: 'r.id = change.id',
  set: PASSWORDS.map((column) => `${column} = change.${column}`).join(', '),
});

/** What devices were before their changes. Values that a change does not hold stay absent. */
export const HISTORY_ROWS = sealedRows({
  name: 'old-secrets',
  table: 'device_audit r',
  from: 'device_audit r WHERE r.old_values IS NOT NULL',
  password: (column) => `(r.old_values ->> '${column}')`,
  place: { id: 'r.device_id', version: 'r.version', entry: 'r.id' },
  after: (first) => `$${first}, $${first + 1}::integer, $${first + 2}::bigint`,
  start: ['', 0, '0'],
  placeOf: (row) => [row.text('id'), row.int('version'), row.text('entry')],
  isRow: 'r.device_id = change.id AND r.id = change.entry',
  set: `old_values = r.old_values || jsonb_strip_nulls(jsonb_build_object(${PASSWORDS.map((column) => `'${column}', change.${column}`).join(', ')}))`,
});

/** All of them. */
export const ALL_SEALED_ROWS: readonly SealedRows[] = [DEVICE_ROWS, HISTORY_ROWS];
