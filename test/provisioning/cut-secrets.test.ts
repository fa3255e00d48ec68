import { describe, expect, it } from 'vitest';
import { WIFI_DEFAULTS } from '../../src/domain/wifi.js';
import { presentableReason } from '../../src/provisioning/reason.js';

const SECRET = `a+B/c "d"<e>&'f\\g%=42~`;
const PLAIN = 'JohnConner';
const KEY = '0123456789abcdef'.repeat(4);

const wifiWith = (password: string) => ({ ...WIFI_DEFAULTS, enabled: true, ssid: 'SkyNet', password });
const shown = (reason: string, secret: string): string => presentableReason(reason, wifiWith(secret));

const bytes = (secret: string): number[] => [...Buffer.from(secret, 'utf8')];
const hexOf = (secret: string): string => Buffer.from(secret, 'utf8').toString('hex');
const each = (secret: string, spell: (code: number, character: string) => string): string =>
  Array.from(secret)
    .map((character) => spell(character.charCodeAt(0), character))
    .join('');
const hex2 = (code: number): string => code.toString(16).padStart(2, '0');
const json = (text: string): string => JSON.stringify(text).slice(1, -1);
const form = (text: string): string => new URLSearchParams({ p: text }).toString().slice(2);
const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};
const html = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&${NAMES[character] ?? ''};`);

/** Every spelling that an endpoint may repeat a password in. */
const SPELLINGS: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in upper case': (secret) => secret.toUpperCase(),
  'in lower case': (secret) => secret.toLowerCase(),
  'as JSON': json,
  'as JSON in JSON': (secret) => json(json(secret)),
  'percent-encoded': encodeURIComponent,
  'percent-encoded as a URI': encodeURI,
  'percent-encoded twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'percent-encoded in lower case': (secret) => each(secret, (code) => `%${hex2(code)}`),
  'form-encoded': form,
  'form-encoded JSON': (secret) => form(json(secret)),
  'JSON in base64': (secret) => base64(JSON.stringify({ p: secret })),
  base64: base64,
  'base64 after one byte': (secret) => base64(`:${secret}`),
  'base64 after two bytes': (secret) => base64(`u:${secret}`),
  'base64 of a pair': (secret) => `Basic ${base64(`admin:${secret}`)}`,
  'base64 in a path': (secret) => `/api/v1/${base64(secret)}/x`,
  'base64, percent-encoded': (secret) => encodeURIComponent(base64(secret)),
  'base64 in lines': (secret) => base64(`user and ${secret}`).replaceAll(/(.{10})/g, '$1\r\n'),
  base64url: (secret) => Buffer.from(secret, 'utf8').toString('base64url'),
  'base64 of UTF-16': (secret) => Buffer.from(secret, 'utf16le').toString('base64'),
  'UTF-16 read as bytes': (secret) => each(secret, (_, character) => `${character}\0`),
  hex: hexOf,
  'hex in upper case': (secret) => hexOf(secret).toUpperCase(),
  'hex with colons': (secret) => bytes(secret).map(hex2).join(':'),
  'hex with blanks': (secret) => bytes(secret).map(hex2).join(' '),
  'a list of 0x': (secret) =>
    bytes(secret)
      .map((code) => `0x${hex2(code)}`)
      .join(', '),
  'escapes of C': (secret) => each(secret, (code) => `\\x${hex2(code)}`),
  'octal escapes': (secret) => each(secret, (code) => `\\${code.toString(8).padStart(3, '0')}`),
  'escapes of JavaScript': (secret) => each(secret, (code) => `\\u00${hex2(code)}`),
  'escapes in upper case': (secret) => each(secret, (code) => `\\u00${hex2(code).toUpperCase()}`),
  'escapes with braces': (secret) => each(secret, (code) => `\\u{${hex2(code)}}`),
  'a quoted shell word': (secret) => secret.replaceAll(/[^A-Za-z0-9]/g, String.raw`\$&`),
  'HTML entities': html,
  'HTML entities twice': (secret) => html(html(secret)),
  'decimal entities': (secret) => each(secret, (code) => `&#${code};`),
  'hex entities': (secret) => each(secret, (code) => `&#x${hex2(code)};`),
  'entities with zeros, without end': (secret) => each(secret, (code) => `&#0${code}`),
  mail: (secret) => each(secret, (code) => `=${hex2(code).toUpperCase()}`),
  'a list of bytes': (secret) => JSON.stringify(Buffer.from(secret, 'utf8')),
  'letter by letter': (secret) => Array.from(secret).join(' '),
  'letters in a list': (secret) => JSON.stringify(Array.from(secret)),
  'JSON in a form in HTML': (secret) => html(form(json(secret))),
};

describe('a reason holds no secret of the device', () => {
  describe.each(Object.entries(SPELLINGS))('%s', (_, spell) => {
    it.each([PLAIN, SECRET, KEY, '12345678', 'correct horse battery', '-_-_-_-_', '        '])(
      '%j',
      (secret) => {
        const reason = shown(`The key (${spell(secret)}) is weak.`, secret);
        expect(reason).toMatch(/^The key \([^(]*…[^(]*\) is weak\.$/);
        // Nothing of it is left but what all spellings have in common.
        expect(reason.length).toBeLessThan('The key () is weak.'.length + 32);
      },
    );
  });

  it('whose neighbours stay', () => {
    expect(shown(`bad "${PLAIN}" and '${PLAIN}', no more`, PLAIN)).toBe(`bad "…" and '…', no more`);
  });

  it('not a raw key either, which may be derived from the password', () => {
    expect(shown(`psk=${'d0'.repeat(32)} is weak`, PLAIN)).toBe('psk=… is weak');
  });

  it.each([
    'Channel 13 is not allowed here.',
    'HTTP 422: error_code=E1001 at /api/v2/devices/4f2a?x=%20&y=1+2',
  ])('what holds none stays as it is: %s', (reason) => {
    expect(shown(reason, PLAIN)).toBe(reason);
  });

  it('one that begins before the end of what is shown is not shown in part', () => {
    for (let length = 3_930; length < 4_010; length += 7) {
      const reason = shown(`${' '.repeat(length)}${KEY.slice(0, 63)}`, KEY.slice(0, 63));
      expect(reason.replaceAll('…', '')).toBe('');
    }
  });

  it('has 500 characters, one line and whole characters', () => {
    expect(shown('x'.repeat(80_000), PLAIN)).toBe('x'.repeat(500));
    expect(shown(`a\u0000\r\n${'😀'.repeat(600)}`, PLAIN)).toBe(`a ${'😀'.repeat(498)}`);
  });

  it('costs little, whatever the text is', () => {
    const hostile = [
      '\\',
      '%',
      '%25',
      '&amp;',
      '=',
      '\\u005c',
      'QUJD',
      '65,',
      '4a',
      '+',
      '%5C%26amp%3B=3D+65,QUJD',
    ];
    for (const part of hostile) {
      const milliseconds = [1, 2, 3, 4, 5].map(() => {
        const before = process.cpuUsage();
        shown(part.repeat(80_000 / part.length), SECRET);
        const { user, system } = process.cpuUsage(before);
        return (user + system) / 1_000;
      });
      expect(milliseconds.toSorted((one, other) => one - other)[2], part).toBeLessThan(500);
    }
  });
});
