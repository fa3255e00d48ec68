import { parseDateTime } from '../domain/date-time.js';
import { inputError } from '../errors/gateway-error.js';
import type { DeviceFilter } from '../persistence/devices/device-filter.js';
import { assertBatchSize } from './batch.js';
import { assertEnumValues } from './enum-values.js';
import { assertSearch } from './search.js';

/** A filter as a client wrote it. */
export interface RequestedFilter extends Omit<DeviceFilter, 'lastCommBefore'> {
  /** As RFC 3339 writes it. */
  readonly lastCommBefore?: string;
}

/** Maximum length of an address, in characters; none is longer, and none is searched for by its part. */
const MAX_ADDRESS = 100;

/**
 * Reads a filter.
 * @throws INVALID_VALUE for lists that are too long, texts that are, and what is no moment
 */
export function readFilter({ lastCommBefore, ...filter }: RequestedFilter): DeviceFilter {
  assertSearch('filter.search', filter.search);
  assertEnumValues('filter.state', filter.states);
  assertEnumValues('filter.type', filter.types);
  assertEnumValues('filter.simStatus', filter.simStatusCodes);
  assertBatchSize('filter.model', filter.modelIds?.length ?? 0);
  assertBatchSize('filter.ids', filter.ids?.length ?? 0);
  if ((filter.ip?.trim().length ?? 0) > MAX_ADDRESS) {
    throw invalid('filter.ip', `At most ${MAX_ADDRESS} characters.`);
  }
  if (lastCommBefore === undefined) return filter;
  const moment = parseDateTime(lastCommBefore);
  if (moment === undefined) throw invalid('filter.lastCommBefore', 'Not a moment as RFC 3339 writes it.');
  return { ...filter, lastCommBefore: moment };
}

function invalid(path: string, message: string) {
  return inputError([{ path, code: 'INVALID_VALUE', message }]);
}
