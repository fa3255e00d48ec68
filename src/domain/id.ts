/**
 * Reads an object id: 24 hex digits in any case, as in the page's example.
 * @returns the id in lower case, or undefined for a text that is no id
 */
export function parseId(text: string): string | undefined {
  return /^[0-9a-f]{24}$/i.test(text) ? text.toLowerCase() : undefined;
}
