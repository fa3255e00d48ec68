import { inputError } from '../errors/gateway-error.js';

/** Maximum number of entries in a list of enum values. No enum has as many; clients that join lists repeat values. */
const MAX_ENUM_VALUES = 100;

/** @throws INVALID_VALUE for a list of more values than any enum has */
export function assertEnumValues(path: string, values: readonly string[] | null | undefined): void {
  if ((values?.length ?? 0) <= MAX_ENUM_VALUES) return;
  throw inputError([{ path, code: 'INVALID_VALUE', message: `At most ${MAX_ENUM_VALUES} of them.` }]);
}
