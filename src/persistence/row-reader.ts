import type { RawRow } from './database.js';

/** Reads the columns of a raw row by type; a column of another type is a programming fault and throws. */
export class RowReader {
  readonly #row: RawRow;
  readonly #prefix: string;

  /** @param prefix stands before every column name, e.g. the alias of a joined table */
  constructor(row: RawRow, prefix = '') {
    this.#row = row;
    this.#prefix = prefix;
  }

  text(column: string): string {
    return this.textOrNull(column) ?? this.#fail(column);
  }

  textOrNull(column: string): string | null {
    const value = this.#value(column);
    return value === null || typeof value === 'string' ? value : this.#fail(column);
  }

  int(column: string): number {
    return this.intOrNull(column) ?? this.#fail(column);
  }

  intOrNull(column: string): number | null {
    const value = this.#value(column);
    return value === null || typeof value === 'number' ? value : this.#fail(column);
  }

  flag(column: string): boolean {
    return this.flagOrNull(column) ?? this.#fail(column);
  }

  flagOrNull(column: string): boolean | null {
    const value = this.#value(column);
    return value === null || typeof value === 'boolean' ? value : this.#fail(column);
  }

  time(column: string): Date {
    return this.timeOrNull(column) ?? this.#fail(column);
  }

  timeOrNull(column: string): Date | null {
    const value = this.#value(column);
    return value === null || value instanceof Date ? value : this.#fail(column);
  }

  /** A text out of a fixed set, e.g. an enum of the database. */
  oneOf<T extends string>(column: string, values: readonly T[]): T {
    const value = this.#value(column);
    return values.find((candidate) => candidate === value) ?? this.#fail(column);
  }

  list(column: string): readonly unknown[] {
    const value = this.#value(column);
    return Array.isArray(value) ? value : this.#fail(column);
  }

  #value(column: string): unknown {
    return this.#row[this.#prefix + column];
  }

  #fail(column: string): never {
    throw new TypeError(`Column ${this.#prefix}${column} does not hold what the schema says.`);
  }
}
