/**
 * Reads an object id: 24 hex digits in any case, as in the page's example.
 * @returns the id in lower case, or undefined for a text that is no id
 */
export function parseId(text: string): string | undefined {
  return /^[0-9a-f]{24}$/i.test(text) ? text.toLowerCase() : undefined;
}

/** Maximum length of a text that was sent as an id and is none, where an error repeats it. */
const MAX_SHOWN = 64;

/** An id as errors repeat it: in normal form, or the beginning of a text that is none. */
export function shownId(text: string): string {
  return (
    parseId(text) ??
    Array.from(text.slice(0, 2 * MAX_SHOWN))
      .slice(0, MAX_SHOWN)
      .join('')
  );
}

/** An id as a client wrote it, in normal form. A text that is none becomes one that names nothing, and takes the same steps. */
export function idOrNone(text: string): string {
  return parseId(text) ?? '';
}
