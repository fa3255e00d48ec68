import { isRecord } from '../documents/is-record.js';

/** Whoever answers a request by a plan empties these lists as soon as the answer is text; see `domain/taken.ts`. */
export interface HoldsLists {
  /** Undefined where nobody does that: what resolves them is not known to have ended. */
  held?: unknown[][];
}

/** Leaves lists that resolvers made, and that nobody needs when the request was answered. */
export function holdUntilAnswered({ held }: HoldsLists, ...lists: readonly unknown[][]): void {
  held?.push(...lists);
}

/** How deep the lists of an answer stand that are long: below a field of the root, or a connection there. */
const DEPTH_OF_LISTS = 2;

/** Lets go of all that an answer was made of, and of its own lists, which promises hold too. */
export function letGo({ held = [] }: HoldsLists, data: unknown): void {
  for (const list of held) list.length = 0;
  emptyLists(data, DEPTH_OF_LISTS);
}

function emptyLists(value: unknown, depth: number): void {
  if (Array.isArray(value)) value.length = 0;
  else if (depth > 0 && isRecord(value)) for (const part of Object.values(value)) emptyLists(part, depth - 1);
}
