import type { DocumentNode } from 'graphql';

/** What graphql-js keeps of each token: itself, and the nodes and places that are made of it (measured: 240 to 320). */
const BYTES_PER_TOKEN = 320;
const BYTES_PER_CHARACTER = 2;

/** At least this much is kept of any document, with its key: one that was refused is empty. */
const LEAST_BYTES = 2_000;

/** About how many bytes of memory a parsed document takes, its text included. Short texts can have many tokens. */
export function documentBytes({ loc }: DocumentNode): number {
  if (loc === undefined) return LEAST_BYTES;
  let tokens = 0;
  for (let token: typeof loc.startToken | null = loc.startToken; token !== null; token = token.next) {
    tokens += 1;
  }
  return LEAST_BYTES + tokens * BYTES_PER_TOKEN + loc.source.body.length * BYTES_PER_CHARACTER;
}
