import { RowReader } from '../database/row-reader.js';

/** What a column holds. Those of one kind fit into one array of PostgreSQL, but for `other`. */
export type ColumnKind = 'text' | 'number' | 'flag' | 'time' | 'other';

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** The rows of a value, by the alias of their table. */
export type RowsOf<Alias extends string> = (alias: Alias) => RowReader;

/** How columns of several tables come as one JSON value. */
export interface ColumnArrays<Alias extends string> {
  /** An expression that makes the value. */
  readonly value: string;
  /** Reads such a value. */
  readonly rowsIn: (value: unknown) => RowsOf<Alias>;
}

/** The place of a column: which array it stands in, and where in it. */
type Place = readonly [array: number, index: number];

/** An array for each kind; an enum is a text as well. */
const ARRAYS: Readonly<Record<ColumnKind, (columns: readonly string[]) => string>> = {
  text: (columns) => `ARRAY[${columns.map((column) => `${column}::text`).join(', ')}]`,
  number: (columns) => `ARRAY[${columns.join(', ')}]`,
  flag: (columns) => `ARRAY[${columns.join(', ')}]`,
  time: (columns) => `ARRAY[${columns.join(', ')}]`,
  other: (columns) => `json_build_array(${columns.join(', ')})`,
};

/**
 * One array for the columns of each kind. Of each argument of `json_build_array` PostgreSQL looks up anew how it becomes
 * JSON, of the elements of an array once; and a driver takes far longer over seventy columns than over one JSON text.
 * @param tables the columns of each table by its alias; a column may be named twice
 */
export function columnArrays<Alias extends string>(
  tables: Readonly<Record<Alias, readonly Column[]>>,
): ColumnArrays<Alias> {
  const arrays = new Map<ColumnKind, string[]>();
  const places = new Map<string, Map<string, Place>>();
  for (const alias in tables) {
    const ofTable = new Map<string, Place>();
    places.set(alias, ofTable);
    for (const { name, kind } of tables[alias]) {
      const array = arrays.get(kind) ?? [];
      arrays.set(kind, array);
      if (!ofTable.has(name))
        ofTable.set(name, [[...arrays.keys()].indexOf(kind), array.push(`${alias}.${name}`) - 1]);
    }
  }
  const parts = [...arrays].map(([kind, columns]) => ARRAYS[kind](columns));
  return {
    value: `json_build_array(${parts.join(', ')})`,
    rowsIn: (value) => {
      const values = listIn(value).map(listIn);
      return (alias) => {
        const ofTable = places.get(alias);
        return new RowReader((column) => {
          const place = ofTable?.get(column);
          return place && values[place[0]]?.[place[1]];
        });
      };
    },
  };
}

function listIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('Stored columns are no array.');
  return value;
}
