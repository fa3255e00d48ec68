import { LoggableError } from '../../errors/loggable-error.js';
import type { RawRow } from './database.js';

/** A row that does not hold what the database's schema says. Its message names columns, never values. */
export class UnreadableRowError extends LoggableError {
  override readonly name: string = 'UnreadableRowError';
}

/** Reads the columns of a row by name and type; a column of another type throws. */
export class RowReader {
  /** @param valueOf the value of a column, by its name */
  constructor(private readonly valueOf: (column: string) => unknown) {}

  /**
   * Reads a row as the driver gives it.
   * @param prefix stands before every column name, e.g. the alias of a joined table
   */
  static of(row: RawRow, prefix = ''): RowReader {
    return new RowReader((column) => row[prefix + column]);
  }

  /** Reads rows that come as JSON arrays of these columns. */
  static forColumns(columns: readonly string[]): (values: unknown) => RowReader {
    const places = new Map(columns.map((column, index) => [column, index]));
    return (values) => {
      if (!Array.isArray(values)) throw new TypeError('A row is no array.');
      const row: readonly unknown[] = values;
      return new RowReader((column) => row[places.get(column) ?? -1]);
    };
  }

  text(column: string): string {
    return this.textOrNull(column) ?? this.#fail(column);
  }

  textOrNull(column: string): string | null {
    const value = this.valueOf(column);
    return value === null || typeof value === 'string' ? value : this.#fail(column);
  }

  int(column: string): number {
    return this.intOrNull(column) ?? this.#fail(column);
  }

  intOrNull(column: string): number | null {
    const value = this.valueOf(column);
    return value === null || typeof value === 'number' ? value : this.#fail(column);
  }

  flag(column: string): boolean {
    return this.flagOrNull(column) ?? this.#fail(column);
  }

  flagOrNull(column: string): boolean | null {
    const value = this.valueOf(column);
    return value === null || typeof value === 'boolean' ? value : this.#fail(column);
  }

  /** Whether there is a value. */
  exists(column: string): boolean {
    return this.valueOf(column) !== null;
  }

  time(column: string): Date {
    return this.timeOrNull(column) ?? this.#fail(column);
  }

  timeOrNull(column: string): Date | null {
    const value = this.valueOf(column);
    if (value === null || value instanceof Date) return value;
    // In JSON a time is a text, with its offset.
    const time = new Date(typeof value === 'string' ? value : NaN);
    return Number.isNaN(time.getTime()) ? this.#fail(column) : time;
  }

  /** A text out of a fixed set, e.g. an enum of the database. */
  oneOf<T extends string>(column: string, values: readonly T[]): T {
    const value = this.valueOf(column);
    return values.find((candidate) => candidate === value) ?? this.#fail(column);
  }

  list(column: string): readonly unknown[] {
    const value = this.valueOf(column);
    return Array.isArray(value) ? value : this.#fail(column);
  }

  /** A JSON object. */
  object(column: string): Readonly<Record<string, unknown>> {
    return this.objectOrNull(column) ?? this.#fail(column);
  }

  objectOrNull(column: string): Readonly<Record<string, unknown>> | null {
    const value = this.valueOf(column);
    if (value === null) return null;
    return isObject(value) ? value : this.#fail(column);
  }

  #fail(column: string): never {
    throw new UnreadableRowError(`Column ${column} does not hold what the schema says.`);
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
