import { codePoints } from '../../domain/text.js';
import { canBeStored, type Conditions, containing } from '../database/sql-builder.js';

/** A shorter text has no trigram to ask the index for, so its key would be made for nothing. */
const MIN_INDEXED_LENGTH = 3;

/**
 * The condition that a text holds what is searched for, whatever the case and spelling of both.
 * @param text an SQL expression; `search_key(search_fold(text))` is indexed
 */
export function textHolds(text: string, search: string, where: Conditions): string {
  if (!canBeStored(search)) return 'FALSE';
  // Compatible forms of the characters that mean something in a pattern are those characters.
  const normal = search.normalize('NFKC').replaceAll('i\u0307', 'İ');
  const pattern = `search_fold(${where.param(containing(normal))})`;
  const condition =
    codePoints(normal) < MIN_INDEXED_LENGTH
      ? `search_fold(${text}) LIKE ${pattern}`
      : `search_key(search_fold(${text})) LIKE search_key(${pattern})`;
  return /[ıİ]/.test(normal) ? `(${condition} AND ${turkishHolds(text, normal, where)})` : condition;
}

// Characters that no text means: of the private use area.
const DOTLESS = '\uE000';
const DOTTED = '\uE001';

/**
 * To the index the four letters i of Turkish are one. Who searches for `i` or `I` finds them all; `ı` finds itself and its
 * capital, `İ` itself alone.
 */
function turkishHolds(text: string, normal: string, where: Conditions): string {
  const pattern = containing(normal)
    .replaceAll('ı', DOTLESS)
    .replaceAll('İ', DOTTED)
    .replaceAll(/[iI]/g, '_');
  const marked = `translate(normalize(${text}, NFKC), 'ıIİ', '${DOTLESS}${DOTLESS}${DOTTED}')`;
  return `search_fold(${marked}) LIKE search_fold(${where.param(pattern)})`;
}
