import { describe, expect, it } from 'vitest';
import { wifiViolations, type WifiSettings } from '../../src/domain/wifi.js';
import { pathsOf, wifi } from './settings.js';

const ALL = { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: false };
const HEX_64 = '0123456789abcdefABCDEF0123456789'.repeat(2);
const MESH = { ssid: 'Mesh', ssid5G: 'Mesh', ssid6G: 'Mesh' };
const KEY = { password: 'MeshMesh', password5G: 'MeshMesh', password6G: 'MeshMesh' };

const faultsOf = (wishes: Partial<WifiSettings>): string[] => pathsOf(wifiViolations(wifi(wishes), ALL));

describe('an SSID has 1 to 32 bytes of UTF-8, whether its band is enabled or not', () => {
  const rows: readonly [string, string, boolean][] = [
    ['the empty text', '', false],
    ['1 byte', 'x', true],
    ['32 bytes', 'x'.repeat(32), true],
    ['33 bytes', 'x'.repeat(33), false],
    ['16 letters of 32 bytes', 'ø'.repeat(16), true],
    ['17 letters of 34 bytes', 'ø'.repeat(17), false],
    ['a tab', 'Sky\tNet', false],
    ['half a surrogate pair', 'Sky\ud800Net', false],
  ];
  it.each(rows)('%s', (_, ssid, isGood) => {
    expect(faultsOf({ ssid })).toEqual(isGood ? [] : ['wifi.ssid']);
    expect(faultsOf({ ssid5G: ssid })).toEqual(isGood ? [] : ['wifi.ssid5G']);
    expect(faultsOf({ ssid6G: ssid })).toEqual(isGood ? [] : ['wifi.ssid6G']);
  });
});

describe('a password has 8 to 63 printable ASCII characters, or 64 hex digits but on 6 GHz', () => {
  const rows: readonly [string, string, boolean, boolean][] = [
    ['7 characters', 'x'.repeat(7), false, false],
    ['8 characters', 'x'.repeat(8), true, true],
    ['63 characters', 'x'.repeat(63), true, true],
    ['64 characters', 'x'.repeat(64), false, false],
    ['64 hex digits', HEX_64, true, false],
    ['65 hex digits', `${HEX_64}0`, false, false],
    ['a letter before 64 hex digits', `g${HEX_64}`, false, false],
    ['a letter behind 64 hex digits', `${HEX_64}g`, false, false],
    ['blank and tilde at the ends', ' 123456~', true, true],
    ['a control character at the start', '\u001f12345678', false, false],
    ['a control character at the end', '12345678\u007f', false, false],
    ['a letter that is not ASCII', 'JohnCønner', false, false],
  ];
  it.each(rows)('%s', (_, password, isGood, isGoodOn6G) => {
    expect(faultsOf({ password })).toEqual(isGood ? [] : ['wifi.password']);
    expect(faultsOf({ password5G: password })).toEqual(isGood ? [] : ['wifi.password5G']);
    expect(faultsOf({ password6G: password })).toEqual(isGoodOn6G ? [] : ['wifi.password6G']);
  });

  it('the sentence offers hex digits only where they are taken', () => {
    const wishes = { password: '', password5G: '', password6G: '' };
    const messages = wifiViolations(wifi(wishes), ALL).map(({ message }) => message);
    expect(messages.map((message) => message.includes('64 hex digits'))).toEqual([true, true, false]);
  });
});

describe('a band needs things only while it is enabled', () => {
  it.each<[string, Partial<WifiSettings>, readonly string[]]>([
    ['2.4 GHz without SSID', { enabled: true }, ['wifi.ssid']],
    ['5 GHz without SSID', { enabled5G: true }, ['wifi.ssid5G']],
    ['6 GHz with nothing', { enabled6G: true }, ['wifi.ssid6G', 'wifi.password6G']],
    ['6 GHz without password', { enabled6G: true, ssid6G: 'SkyNet' }, ['wifi.password6G']],
    ['6 GHz without SSID', { enabled6G: true, password6G: 'JohnConner' }, ['wifi.ssid6G']],
    ['an open 2.4 GHz band', { enabled: true, ssid: 'SkyNet' }, []],
    ['an open 5 GHz band', { enabled5G: true, ssid5G: 'SkyNet' }, []],
    [
      'all bands with all they need',
      { enabled: true, enabled5G: true, enabled6G: true, ...MESH, ...KEY },
      [],
    ],
    ['all bands off', {}, []],
  ])('%s', (_, wishes, paths) => {
    expect(faultsOf(wishes)).toEqual(paths);
  });
});

describe('what the model lacks may not be enabled', () => {
  const on = wifi({ enabled: true, enabled5G: true, enabled6G: true, ...MESH, ...KEY });
  it.each([
    ['2.4 GHz', { wifi2G: false }, ['wifi.enabled']],
    ['5 GHz', { wifi5G: false }, ['wifi.enabled5G']],
    ['6 GHz', { wifi6G: false }, ['wifi.enabled6G']],
    ['WiFi', { wifi: false }, ['wifi.enabled', 'wifi.enabled5G', 'wifi.enabled6G']],
  ])('%s', (label, lacks, paths) => {
    const violations = wifiViolations(on, { ...ALL, ...lacks });
    expect(pathsOf(violations)).toEqual(paths);
    if (label !== 'WiFi') expect(violations[0]?.message).toContain(label);
    const off = { ...on, enabled: false, enabled5G: false, enabled6G: false };
    expect(wifiViolations(off, { ...ALL, ...lacks })).toEqual([]);
  });
});

describe('band steering needs the same SSID and password on every enabled band', () => {
  const on = { enabled: true, enabled5G: true, enabled6G: true, bandsteering: true, ...MESH, ...KEY };
  const violation = ['wifi.bandsteering'];
  it.each<[string, Partial<WifiSettings>, readonly string[]]>([
    ['three bands that are alike', on, []],
    ['another SSID on the first', { ...on, ssid: 'x' }, violation],
    ['another SSID on the second', { ...on, ssid5G: 'x' }, violation],
    ['another SSID on the third', { ...on, ssid6G: 'x' }, violation],
    ['another password on the first', { ...on, password: 'JohnConner' }, violation],
    ['another password on the second', { ...on, password5G: 'JohnConner' }, violation],
    ['another password on the third', { ...on, password6G: 'JohnConner' }, violation],
    [
      'one raw key in two spellings',
      { ...on, enabled6G: false, password: 'aB'.repeat(32), password5G: 'Ab'.repeat(32) },
      [],
    ],
    [
      'two raw keys',
      { ...on, enabled6G: false, password: 'aB'.repeat(32), password5G: 'aC'.repeat(32) },
      violation,
    ],
    ['passphrases that differ by case', { ...on, password: KEY.password.toUpperCase() }, violation],
    ['a disabled band that differs', { ...on, ssid5G: 'x', enabled5G: false }, []],
    ['one band', { ...on, enabled5G: false, enabled6G: false, ssid: 'x' }, []],
    ['no band', { bandsteering: true, ssid: 'x', ssid5G: 'y' }, []],
    ['bands that differ without steering', { ...on, bandsteering: false, ssid: 'x' }, []],
  ])('%s', (_, wishes, paths) => {
    expect(faultsOf(wishes)).toEqual(paths);
  });
});

describe('a violation involves every value that its rule looks at', () => {
  it.each<[string, Partial<WifiSettings>, readonly string[]]>([
    ['a missing SSID', { enabled: true }, ['wifi.ssid', 'wifi.enabled']],
    ['a missing password on 6 GHz', { enabled6G: true, ssid6G: 'x' }, ['wifi.password6G', 'wifi.enabled6G']],
    ['a bad SSID', { ssid5G: '' }, ['wifi.ssid5G']],
    ['a bad password', { password5G: '' }, ['wifi.password5G']],
    [
      'steering: which bands are enabled, and how those are called',
      { bandsteering: true, enabled: true, enabled5G: true, ssid: 'x', ssid5G: 'y' },
      [
        'wifi.bandsteering',
        'wifi.enabled',
        'wifi.enabled5G',
        'wifi.enabled6G',
        'wifi.ssid',
        'wifi.password',
        'wifi.ssid5G',
        'wifi.password5G',
      ],
    ],
  ])('%s', (_, wishes, involves) => {
    expect(wifiViolations(wifi(wishes), ALL).map((violation) => violation.involves)).toEqual([involves]);
  });
});
