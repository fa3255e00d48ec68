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

/** Where a column stands: in which of the arrays, and where in it. */
interface Place {
  readonly array: number;
  readonly index: number;
}

/**
 * One array for the columns of each kind. Of each argument of `json_build_array` PostgreSQL looks up anew how it becomes
 * JSON, of the elements of an array once; and a driver takes far longer over seventy columns than over one JSON text.
 * @param tables the columns of each table by its alias; a column may be named twice
 */
export function columnArrays<Alias extends string>(
  tables: Readonly<Record<Alias, readonly Column[]>>,
): ColumnArrays<Alias> {
  const columnsOfKinds = new Map<ColumnKind, string[]>();
  const placesOfTables = new Map<string, Map<string, Place>>();
  for (const alias in tables) {
    const places = new Map<string, Place>();
    placesOfTables.set(alias, places);
    for (const { name, kind } of tables[alias]) {
      if (places.has(name)) continue;
      const columns = columnsOfKinds.get(kind) ?? [];
      columnsOfKinds.set(kind, columns);
      const array = [...columnsOfKinds.keys()].indexOf(kind);
      places.set(name, { array, index: columns.push(`${alias}.${name}`) - 1 });
    }
  }
  const arrays = [...columnsOfKinds].map(([kind, columns]) => arrayOf(kind, columns));
  return {
    value: `json_build_array(${arrays.join(', ')})`,
    rowsIn: (value) => {
      const values = listIn(value).map(listIn);
      return (alias) => {
        const places = placesOfTables.get(alias);
        return new RowReader((column) => {
          const place = places?.get(column);
          return place && values[place.array]?.[place.index];
        });
      };
    },
  };
}

function arrayOf(kind: ColumnKind, columns: readonly string[]): string {
  if (kind === 'other') return `json_build_array(${columns.join(', ')})`;
  // An enum is a text as well.
  const texts = kind === 'text' ? columns.map((column) => `${column}::text`) : columns;
  return `ARRAY[${texts.join(', ')}]`;
}

function listIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('Stored columns are no array.');
  return value;
}
