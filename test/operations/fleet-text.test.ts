import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFleetText } from '../../src/operations/import-fleet/fleet-text.js';
import { findJsonError } from '../../src/operations/import-fleet/json-error.js';

function errorOf(bytes: Buffer | string): string | undefined {
  const read = readFleetText(Buffer.from(bytes));
  return 'error' in read ? read.error : undefined;
}

/** A text as Windows wrote it before Unicode. */
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('a fleet file is JSON in UTF-8; anything else is an error with its place', () => {
  it.each<[string, Buffer | string, string]>([
    ['nothing', '', 'empty (line 1, column 1)'],
    ['blanks alone', ' \r\n\t', 'empty (line 1, column 1)'],
    ['a byte order mark alone', '\ufeff', 'empty (line 1, column 1)'],
    ['UTF-16 with a mark', Buffer.from('\ufeff{}', 'utf16le'), 'UTF-16 (line 1, column 1)'],
    ['UTF-16 of the other order', Buffer.from('\ufeff{}', 'utf16le').swap16(), 'UTF-16 (line 1, column 1)'],
    ['UTF-16 without a mark', Buffer.from('{}', 'utf16le'), 'UTF-16 (line 1, column 1)'],
    ['Latin-1', latin1('{\n  "name": "Møller"}'), 'not UTF-8: byte 0xF8 at line 2, column 13'],
    ['Latin-1 behind other letters', latin1('{"a": "ö", "b": "é"}'), 'byte 0xF6 at line 1, column 8'],
    [
      'half a letter at the end',
      Buffer.from('{"a": "ø', 'utf8').subarray(0, -1),
      'byte 0xC3 at line 1, column 8',
    ],
    ['CSV', 'id,name,macAddress\n1,Router,0200', 'line 1, column 1 should be a value'],
    ['CSV in quotes', '"id","name"\n"1","Router"', 'line 1, column 5 should be the end of the file'],
    ['a file that was cut off', '{\n "customers": [', 'line 2, column 16 should be a value'],
    ['a text that was cut off', '{"a": "b', 'line 1, column 9 should be the rest of a text'],
    ['a comma too many', '{\r\n  "a": [1, 2,]\r\n}', 'line 2, column 14 should be a value'],
    ['a comma too few', '{\n"a": 1\n"b": 2}', 'line 3, column 1 should be "," or "}"'],
    ['a name without quotes', '{\n\ta: 1}', 'line 2, column 2 should be the name of a property'],
    ['single quotes', `{'a': 1}`, 'line 1, column 2 should be the name of a property'],
    ['no colon', '{"a" 1}', 'line 1, column 6 should be ":"'],
    ['a comment', '{} // fleet', 'line 1, column 4 should be the end of the file'],
    ['a leading zero', '[01]', 'line 1, column 3 should be "," or "]"'],
    ['a line break in a text', '["a\nb"]', 'line 1, column 4 should be the rest of a text'],
    ['a wrong escape', String.raw`["\x41"]`, 'line 1, column 3 should be the rest of a text'],
    ['a wrong bracket', '[1}', 'line 1, column 3 should be "," or "]"'],
    ['letters beyond the BMP before', '["🚀🚀" 1]', 'line 1, column 7 should be "," or "]"'],
    ['lines of an old Mac', '[\r1,\rx]', 'line 3, column 1 should be a value'],
  ])('%s', (_, bytes, place) => {
    expect(errorOf(bytes)).toContain(place);
  });

  it('never quotes what the file holds', () => {
    expect(errorOf('{"password": "Zq7canary" "x"}')).not.toContain('canary');
  });

  it.each<[string, Buffer | string]>([
    ['as it is', '{"name": "Møller"}'],
    ['behind a byte order mark', '\ufeff{"name": "Møller"}'],
    ['with U+FFFD', '{"name": "\ufffd"}'],
    ['with blanks around', '\n\t{} \r\n'],
  ])('reads JSON %s', (_, bytes) => {
    const text = Buffer.from(bytes).toString('utf8').replace('\ufeff', '');
    const content: unknown = JSON.parse(text);
    expect(readFleetText(Buffer.from(bytes))).toEqual({ content });
  });

  it('finds no error in JSON, however deep', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom('', ' ', '\n'), (json, blank) => {
        expect(findJsonError(blank + json + blank)).toBeUndefined();
      }),
    );
    expect(findJsonError('['.repeat(100_000) + ']'.repeat(100_000))).toBeUndefined();
  });

  it('agrees with the parser about what is no JSON, and finds the error where it is', () => {
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    const letters = fc.constantFrom(...Array.from('{}[],:"\\ 01-.eE+tfnull\n\u0001ø'));
    let violations = 0;
    fc.assert(
      fc.property(fc.json(), fc.nat(), letters, fc.nat({ max: 2 }), (json, place, letter, removed) => {
        const index = place % (json.length + 1);
        const text = json.slice(0, index) + letter + json.slice(index + removed);
        const error = findJsonError(text);
        expect(error === undefined, text).toBe(isJson(text));
        if (error === undefined) return;
        violations += 1;
        // What stands before it begins some JSON: nothing is wrong with it but that it ends.
        const before = text.slice(0, error.index);
        expect(findJsonError(before)?.index ?? before.length).toBe(before.length);
      }),
      { numRuns: 3000 },
    );
    expect(violations).toBeGreaterThan(500);
  });
});
