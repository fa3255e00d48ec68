import type { PageRequest } from '../domain/page-request.js';
import { parseId } from '../domain/id.js';
import { inputError } from '../errors/gateway-error.js';

/** What a client asks a connection for (Relay's connection arguments). */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
}

/** Records in rising order of id, and whether there are more on either side. */
export interface Page<T> {
  readonly nodes: readonly T[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** How many records a page holds at most, and when nobody says how many. */
export const MAX_PAGE = 500;
export const DEFAULT_PAGE = 100;

/**
 * Reads connection arguments.
 * @throws INVALID_VALUE with the argument's name as path
 */
export function pageRequest({ first, after, last, before }: PageArguments): PageRequest {
  const isBackward = last !== undefined && last !== null;
  if (isBackward && first !== undefined && first !== null)
    throw error('last', 'Give first or last, not both.');
  return {
    limit: isBackward ? size('last', last) : size('first', first ?? DEFAULT_PAGE),
    isBackward,
    afterId: readCursor('after', after),
    beforeId: readCursor('before', before),
  };
}

/**
 * Makes a page of the records that a store found.
 * @param found in the order of the request, one more than its limit when there are more
 */
export function toPage<T>(request: PageRequest, found: readonly T[]): Page<T> {
  const hasMore = found.length > request.limit;
  const taken = found.slice(0, request.limit);
  return request.isBackward
    ? { nodes: taken.toReversed(), hasNextPage: request.beforeId !== null, hasPreviousPage: hasMore }
    : { nodes: taken, hasNextPage: hasMore, hasPreviousPage: request.afterId !== null };
}

/** The opaque cursor of a record. It holds the id, so it stays good whatever is written meanwhile. */
export function cursorOf(id: string): string {
  return Buffer.from(`id:${id}`).toString('base64url');
}

function size(argument: string, value: number): number {
  if (value >= 0 && value <= MAX_PAGE) return value;
  throw error(argument, `From 0 to ${MAX_PAGE}.`);
}

function readCursor(argument: string, cursor: string | null | undefined): string | null {
  if (cursor === undefined || cursor === null) return null;
  const [, text = ''] = /^id:(.*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const id = parseId(text);
  if (id === undefined) throw error(argument, 'Not a cursor of this connection.');
  return id;
}

function error(path: string, message: string) {
  return inputError([{ path, code: 'INVALID_VALUE', message }]);
}
