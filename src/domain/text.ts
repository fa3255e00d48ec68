const utf8 = new TextEncoder();

/** The length in Unicode code points, as a person would count most characters. */
export function codePoints(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** The length in bytes of UTF-8, which is how IEEE 802.11 limits an SSID. */
export function utf8Bytes(text: string): number {
  return utf8.encode(text).length;
}

/** Whether a one-line text can be shown and stored: no control characters, no half surrogate pair. */
export function isCleanLine(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text);
}

/** The same for a text of several lines: line breaks and tabs are fine. */
export function isCleanText(text: string): boolean {
  return !/(?![\n\r\t])[\p{Cc}\p{Cs}]/u.test(text);
}

/** Whether PostgreSQL can store a text as it is: no U+0000, no half surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Cs}/u.test(text);
}

/**
 * Whether any character of a text shows. White space, format characters and what Unicode calls default ignorable do not; nor do
 * the empty Braille pattern and the musical null note head, which count as symbols.
 */
export function hasVisibleCharacter(text: string): boolean {
  return /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/u.test(text);
}
