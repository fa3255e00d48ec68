import { codePoints } from '../domain/text.js';
import { inputError } from '../errors/gateway-error.js';

/** Maximum length of a searched text, in characters, without the blanks around it: no text that is searched is longer. */
const MAX_SEARCH = 100;

/** @throws INVALID_VALUE for a text that is longer than any that is searched */
export function assertSearch(path: string, search: string | null | undefined): void {
  const text = search?.trim() ?? '';
  // A text of that many UTF-16 units needs no counting.
  if (text.length <= MAX_SEARCH) return;
  if (text.length <= 2 * MAX_SEARCH && codePoints(text) <= MAX_SEARCH) return;
  throw inputError([{ path, code: 'INVALID_VALUE', message: `At most ${MAX_SEARCH} characters.` }]);
}
