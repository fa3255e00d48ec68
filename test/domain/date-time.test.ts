import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoText, parseDateTime } from '../../src/domain/date-time.js';

const min = new Date('0001-01-01T00:00:00.000Z');
const max = new Date('9999-12-31T23:59:59.999Z');

describe('parseMoment reads RFC 3339, and nothing else', () => {
  it('reads every moment from the year 1 to 9999 in UTC', () => {
    fc.assert(
      fc.property(fc.date({ min, max, noInvalidDate: true }), (moment) => {
        expect(parseDateTime(moment.toISOString())).toEqual(moment);
      }),
    );
  });

  it('reads the same moment with any offset', () => {
    const middle = { min: new Date('1000-01-01T00:00:00Z'), max: new Date('3000-01-01T00:00:00Z') };
    const offset = fc.integer({ min: -1_439, max: 1_439 });
    fc.assert(
      fc.property(fc.date({ ...middle, noInvalidDate: true }), offset, (moment, minutes) => {
        const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const digits = (value: number): string => String(value).padStart(2, '0');
        const size = Math.abs(minutes);
        const zone = `${minutes < 0 ? '-' : '+'}${digits(Math.floor(size / 60))}:${digits(size % 60)}`;
        expect(parseDateTime(local + zone)).toEqual(moment);
      }),
    );
  });

  it.each([
    ['2025-01-02T03:04:05Z', '2025-01-02T03:04:05.000Z'],
    ['2025-01-02t03:04:05z', '2025-01-02T03:04:05.000Z'],
    ['2025-01-02T03:04:05.6Z', '2025-01-02T03:04:05.600Z'],
    ['2025-01-02T03:04:05.678912Z', '2025-01-02T03:04:05.678Z'],
    ['2025-01-02T03:04:05+01:30', '2025-01-02T01:34:05.000Z'],
    ['2025-01-02T23:59:59-23:59', '2025-01-03T23:58:59.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, moment) => {
    expect(parseDateTime(text)?.toISOString()).toBe(moment);
  });

  it.each([
    '',
    '2025-01-02',
    '2025-01-02T03:04Z',
    '2025-01-02T03:04:05',
    '2025-01-02 03:04:05Z',
    '2025-01-02T24:00:00Z',
    '2025-01-02T20:60:00Z',
    '2025-01-02T03:04:60Z',
    '2025-01-02T03:04:05.Z',
    '2025-01-02T03:04:05+24:00',
    '2025-01-02T03:04:05+01:60',
    '2025-01-02T03:04:05+0100',
    '2025-01-02T03:04:05+01',
    '2025-13-01T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '0000-12-31T23:59:59Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '12025-01-02T03:04:05Z',
    '+002025-01-02T03:04:05Z',
    ' 2025-01-02T03:04:05Z',
    '2025-01-02T03:04:05Z ',
    'Thu, 02 Jan 2025 03:04:05 GMT',
  ])('refuses %j', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  it('never throws, and gives no moment that cannot be written', () => {
    const part = fc.integer({ min: 0, max: 99 }).map((value) => String(value).padStart(2, '0'));
    const near = fc
      .tuple(fc.integer({ min: 0, max: 9_999 }), part, part, part, part, part)
      .map(
        ([year, ...rest]) =>
          `${String(year).padStart(4, '0')}-${rest.slice(0, 2).join('-')}T${rest.slice(2).join(':')}Z`,
      );
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const moment = parseDateTime(text);
        if (moment !== undefined)
          expect(moment.toISOString().slice(0, 19)).toBe(text.slice(0, 19).toUpperCase());
      }),
    );
  });
});

describe('the text of a moment', () => {
  it('is that of JavaScript, whatever the year', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (moment) => {
        expect(isoText(moment)).toBe(moment.toISOString());
      }),
    );
  });

  it('is the same after more days than are remembered', () => {
    const days = Array.from({ length: 2_500 }, (_, day) => new Date(day * 86_400_000 + day));
    for (const moment of [...days, ...days]) expect(isoText(moment)).toBe(moment.toISOString());
  });

  it('is none of a moment that is none', () => {
    expect(() => isoText(new Date(NaN))).toThrow(RangeError);
  });
});
