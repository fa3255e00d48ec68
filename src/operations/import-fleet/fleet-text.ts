import { isUtf8 } from 'node:buffer';
import { findJsonError } from './json-error.js';

const UTF_8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF_16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];

/**
 * Reads the bytes of a fleet file: JSON in UTF-8, with or without a byte order mark.
 * @returns what the JSON holds, or one sentence on what is wrong and where; it quotes nothing of the file
 */
export function readFleetText(bytes: Buffer): { readonly content: unknown } | { readonly error: string } {
  if (isUtf16(bytes)) return { error: 'is UTF-16 (line 1, column 1). Save it as UTF-8.' };
  const hasMark = bytes.subarray(0, UTF_8_MARK.length).equals(UTF_8_MARK);
  const encoded = hasMark ? bytes.subarray(UTF_8_MARK.length) : bytes;
  if (!isUtf8(encoded)) return { error: `is not UTF-8: ${invalidByte(encoded)}. Save it as UTF-8.` };
  const text = encoded.toString('utf8');
  if (text.trim() === '') return { error: 'is empty (line 1, column 1). A fleet is a JSON object.' };
  try {
    return { content: JSON.parse(text) };
  } catch {
    const { index, expected } = findJsonError(text) ?? { index: text.length, expected: 'the end' };
    return { error: `is not JSON: ${placeOf(text, index)} should be ${expected}.` };
  }
}

/** With its mark, or as ASCII letters that have a zero beside them. */
function isUtf16(bytes: Buffer): boolean {
  const first = bytes.subarray(0, 2);
  if (UTF_16_MARKS.some((mark) => first.equals(mark))) return true;
  return first.length === 2 && first.includes(0) && !first.equals(Buffer.alloc(2));
}

/** Where bytes stop being UTF-8, and the byte that stands there. */
function invalidByte(bytes: Buffer): string {
  const readable = Buffer.from(bytes.toString('utf8'));
  const index = bytes.findIndex((byte, at) => byte !== readable[at]);
  const byte = bytes
    .subarray(index, index + 1)
    .toString('hex')
    .toUpperCase();
  const before = bytes.subarray(0, index).toString('utf8');
  return `byte 0x${byte} at ${placeOf(before, before.length)}`;
}

/** A place as editors show it. */
function placeOf(text: string, index: number): string {
  const lines = text.slice(0, index).split(/\r\n|\r|\n/);
  const column = Array.from(lines.at(-1) ?? '').length + 1;
  return `line ${lines.length}, column ${column}`;
}
