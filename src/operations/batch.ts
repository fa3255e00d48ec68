import { idOrNone } from '../domain/id.js';
import { taken } from '../domain/taken.js';
import { inputError } from '../errors/gateway-error.js';

/** Maximum number of ids of one batch look-up. */
const MAX_BATCH = 1_000;

/** @throws INVALID_VALUE for more records than one batch look-up may ask for */
export function assertBatchSize(argument: string, count: number): void {
  if (count <= MAX_BATCH) return;
  throw inputError([{ path: argument, code: 'INVALID_VALUE', message: `At most ${MAX_BATCH} of them.` }]);
}

/**
 * Looks records up by their ids in one go, as portals do: same length and order, null where there is none.
 * @param argument the name of the argument that holds the ids
 * @throws INVALID_VALUE for more than 1,000 ids
 */
export async function batchById<T extends { readonly id: string }>(
  argument: string,
  ids: readonly string[],
  find: (ids: readonly string[]) => Promise<T[]>,
): Promise<(T | null)[]> {
  assertBatchSize(argument, ids.length);
  const normalIds = ids.map(idOrNone);
  const distinctIds = new Set(normalIds);
  const found = distinctIds.size === 0 ? [] : await find([...distinctIds]);
  const byId = new Map(taken(found).map((record) => [record.id, record]));
  return normalIds.map((id) => byId.get(id) ?? null);
}
