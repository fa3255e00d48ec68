import { expect } from 'vitest';

// The matchers of vitest are of type `any`; here they are of one that the linter lets into an object.

/** Any text that matches. */
export function textLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Any list that holds these entries. */
export function listWith(entries: readonly unknown[]): unknown {
  return expect.arrayContaining([...entries]);
}

/** Any object that holds these entries. */
export function objectWith(entries: Readonly<Record<string, unknown>>): unknown {
  return expect.objectContaining({ ...entries });
}
