import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkTypeCodeOf, networkTypeOf, networkTypesOf } from '../../src/domain/network-type.js';
import { simStatusCodeOf, simStatusOf } from '../../src/domain/sim-status.js';

/** What no code is: whatever a device reports, it never becomes an error. */
const GARBAGE = [
  '',
  ' ',
  'x',
  '-1',
  '1.5',
  '1e1',
  '0x20',
  ' 1',
  '1 ',
  '+1',
  '1\n',
  'READY',
  'LTE',
  'null',
  '١',
];

describe('simStatusOf gives every code of the page its name, and null to the rest', () => {
  it.each([
    ['1', 'READY'],
    ['2', 'PIN_VERIFIED'],
    ['3', 'PIN_LOCK'],
    ['4', 'PUK_LOCK'],
    ['5', 'BLOCKED'],
    ['6', 'NO_SIM'],
    ['7', 'UNKNOWN'],
  ])('reads %j as %s', (code, status) => {
    expect(simStatusOf(code)).toBe(status);
    expect(simStatusCodeOf(status)).toBe(code);
  });

  it.each([null, '0', '8', '01', '11', '__proto__', 'constructor', 'toString', ...GARBAGE])(
    'reads %j as null',
    (code) => {
      expect(simStatusOf(code)).toBeNull();
    },
  );
});

describe('networkTypeOf gives the highest bit that is known, networkTypesOf all of them, and null to the rest', () => {
  it.each([
    ['1', 'NONE', ['NONE']],
    ['2', 'GSM', ['GSM']],
    ['4', 'WCDMA', ['WCDMA']],
    ['8', 'LTE', ['LTE']],
    ['16', 'LTE_PLUS', ['LTE_PLUS']],
    ['32', 'NR', ['NR']],
    ['40', 'NR', ['LTE', 'NR']],
    ['48', 'NR', ['LTE_PLUS', 'NR']],
    ['6', 'WCDMA', ['GSM', 'WCDMA']],
    ['63', 'NR', ['NONE', 'GSM', 'WCDMA', 'LTE', 'LTE_PLUS', 'NR']],
    ['72', 'LTE', ['LTE']],
    ['65', 'NONE', ['NONE']],
    ['4294967336', 'NR', ['LTE', 'NR']],
  ])('reads %j as %s', (code, type, types) => {
    expect(networkTypeOf(code)).toBe(type);
    expect(networkTypesOf(code)).toEqual(types);
  });

  it.each([null, '0', '64', '128', '4294967296', '__proto__', ...GARBAGE])('reads %j as null', (code) => {
    expect(networkTypeOf(code)).toBeNull();
    expect(networkTypesOf(code)).toBeNull();
  });

  it('reads every number as the bits that it has', () => {
    const names = ['NONE', 'GSM', 'WCDMA', 'LTE', 'LTE_PLUS', 'NR'];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (number) => {
        const known = names.filter((_, bit) => Math.floor(number / 2 ** bit) % 2 === 1);
        expect(networkTypesOf(String(number))).toEqual(known.length > 0 ? known : null);
        expect(networkTypeOf(String(number))).toBe(known.at(-1) ?? null);
      }),
    );
  });

  it('never throws, whatever a device reports', () => {
    fc.assert(
      fc.property(fc.string(), (code) => {
        expect(() => [simStatusOf(code), networkTypeOf(code), networkTypesOf(code)]).not.toThrow();
      }),
    );
  });
});

describe('a name has the code of the page, and what is no name has none', () => {
  it.each([
    ['NONE', '1'],
    ['GSM', '2'],
    ['WCDMA', '4'],
    ['LTE', '8'],
    ['LTE_PLUS', '16'],
    ['NR', '32'],
  ])('%s: %s', (type, code) => {
    expect(networkTypeCodeOf(type)).toBe(code);
  });

  it.each(['', '1', 'lte', 'ready', 'toString', '__proto__'])('%j has none', (text) => {
    expect(networkTypeCodeOf(text)).toBeUndefined();
    expect(simStatusCodeOf(text)).toBeUndefined();
  });
});
