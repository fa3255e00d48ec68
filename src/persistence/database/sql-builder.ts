import { isCleanLine } from '../../domain/text.js';

/** Collects the conditions of a statement and the values that its placeholders stand for. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];

  /** The placeholder of a value. */
  param(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  add(condition: string): void {
    this.#conditions.push(condition);
  }

  toString(): string {
    return this.#conditions.length === 0 ? 'TRUE' : this.#conditions.join(' AND ');
  }
}

/** What the lock on the rows of a write is followed by: a batch leaves out those that somebody else holds, so it never waits. */
export type IfHeld = 'SKIP LOCKED' | '';

/**
 * An array of ids whose length the planner does not see. Else it makes a plan of its own for each short array, which takes it
 * longer than to read what the array names.
 */
export function unsizedIds(placeholder: string): string {
  return `(SELECT ${placeholder}::text[])::text[]`;
}

/**
 * A text that the planner does not see. Else it makes a plan of its own for each value, where one plan serves all as well.
 */
export function unseenText(placeholder: string): string {
  return `(SELECT ${placeholder}::text)`;
}

/** Whether any stored text can hold this one: none holds a control character or half a surrogate pair. */
export function canBeStored(text: string): boolean {
  return isCleanLine(text);
}

/** A LIKE pattern for texts that hold this one, in which no character has a meaning of its own. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}
