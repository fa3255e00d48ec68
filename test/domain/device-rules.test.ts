import { describe, expect, it } from 'vitest';
import type { DeviceSettings } from '../../src/domain/device.js';
import { changedPaths, namesOfChanges } from '../../src/domain/device-changes.js';
import {
  type DeviceFacts,
  violationsOfChange,
  isSameSettings,
  settingsViolations,
} from '../../src/domain/device-rules.js';
import type { ReservedClient } from '../../src/domain/dhcp.js';
import { dhcp, pathsOf, SETTINGS, wifi } from './settings.js';

const FACTS: DeviceFacts = {
  model: { capabilities: { wifi: true, wifi2G: true, wifi5G: true, wifi6G: false, simSupport: false } },
  status: { lanIp: '192.168.0.1', subnetMask: '255.255.255.0' },
};
const ONE: ReservedClient = { mac: 'aaaaaaaaaa01', ip: '192.168.0.8', enable: true, id: null };
const TWO: ReservedClient = { mac: 'aaaaaaaaaa02', ip: '192.168.0.9', enable: true, id: 'two' };

const settings = (wishes: Partial<DeviceSettings>): DeviceSettings => ({ ...SETTINGS, ...wishes });
const listed = (...reservedClients: ReservedClient[]): DeviceSettings =>
  settings({ dhcp: dhcp({ reservedClients }) });

describe('a name has 1 to 100 characters, notes at most 4096, and neither has control characters', () => {
  const rocket = '\u{1F680}';
  it.each<[string, Partial<DeviceSettings>, readonly string[]]>([
    ['an empty name', { name: '' }, ['name']],
    ['a name of 1', { name: 'x' }, []],
    ['a name of 100, each of two UTF-16 units', { name: rocket.repeat(100) }, []],
    ['a name of 101', { name: 'x'.repeat(101) }, ['name']],
    ['a line break in a name', { name: 'a\nb' }, ['name']],
    ['half a surrogate pair in a name', { name: 'a\ud800' }, ['name']],
    ['no notes', { notes: null }, []],
    ['empty notes', { notes: '' }, []],
    ['notes of 4096, each of two UTF-16 units', { notes: rocket.repeat(4096) }, []],
    ['notes of 4097', { notes: 'x'.repeat(4097) }, ['notes']],
    ['line breaks and tabs in notes', { notes: '\ta\r\nb' }, []],
    ['NUL in notes', { notes: 'a\u0000b' }, ['notes']],
    ['half a surrogate pair in notes', { notes: 'a\ud800' }, ['notes']],
    ['a name that does not show', { name: '\u200b\u00ad' }, ['name']],
    ['no MAC address', { macAddress: '' }, ['macAddress']],
    ['a multicast address', { macAddress: '01005e0000fb' }, ['macAddress']],
    ['no MAC address but zeros', { macAddress: '000000000000' }, ['macAddress']],
    ['11 digits', { macAddress: '12345678901' }, ['macAddress']],
  ])('%s', (_, wishes, paths) => {
    expect(pathsOf(settingsViolations(settings(wishes), FACTS))).toEqual(paths);
  });
});

describe('sections are checked by what the device is', () => {
  const on6G = settings({ wifi: wifi({ enabled6G: true, ssid6G: 'SkyNet', password6G: 'JohnConner' }) });
  const ownAddress = listed({ ...ONE, ip: '192.168.0.1' });

  it('WiFi by the capabilities of its model', () => {
    expect(pathsOf(settingsViolations(on6G, FACTS))).toEqual(['wifi.enabled6G']);
  });

  it('DHCP by the subnet that it last reported, while that is known', () => {
    expect(pathsOf(settingsViolations(ownAddress, FACTS))).toEqual(['dhcp.reservedClients[0].ip']);
    expect(settingsViolations(ownAddress, { ...FACTS, status: null })).toEqual([]);
    expect(settingsViolations(ownAddress, { ...FACTS, status: { lanIp: null, subnetMask: null } })).toEqual(
      [],
    );
  });
});

describe('violations come in the order of the input, then by index', () => {
  it('whatever the order in which the rules are asked', () => {
    const good = Array.from({ length: 8 }, (_, index) => ({
      ...ONE,
      mac: `aaaaaaaaab0${index}`,
      ip: `192.168.0.${index + 30}`,
    }));
    const bad = settings({
      name: '',
      notes: '\u0000',
      macAddress: '',
      wifi: wifi({
        enabled: true,
        password: 'x',
        enabled5G: true,
        ssid5G: '',
        password5G: 'x',
        enabled6G: true,
        bandsteering: true,
      }),
      dhcp: dhcp({
        enable: true,
        ipPoolStart: '192.168.1.1',
        leaseTime: 0,
        primaryDnsServer: 'x',
        reservedClients: [
          { ...ONE, mac: 'x', ip: 'x', id: '\n' },
          { ...ONE, ip: '192.168.1.8' },
          ...good,
          { ...TWO, id: '\n' },
          { ...TWO, ip: 'x' },
        ],
      }),
    });
    expect(pathsOf(settingsViolations(bad, FACTS))).toEqual([
      'name',
      'notes',
      'macAddress',
      'wifi.ssid',
      'wifi.password',
      'wifi.ssid5G',
      'wifi.password5G',
      'wifi.enabled6G',
      'wifi.ssid6G',
      'wifi.password6G',
      'wifi.bandsteering',
      'dhcp.ipPoolStart',
      'dhcp.ipPoolEnd',
      'dhcp.leaseTime',
      'dhcp.primaryDnsServer',
      'dhcp.reservedClients[0].mac',
      'dhcp.reservedClients[0].ip',
      'dhcp.reservedClients[0].id',
      'dhcp.reservedClients[1].ip',
      'dhcp.reservedClients[10].id',
      'dhcp.reservedClients[11].mac',
      'dhcp.reservedClients[11].ip',
    ]);
  });

  const tooMany = Array.from({ length: 257 }, (_, index) => ({
    ...ONE,
    mac: (0xaa0000000000 + index).toString(16),
    ip: index === 0 ? 'x' : `10.0.${index % 256}.${Math.floor(index / 256)}`,
  }));

  it('of too many reservations none is checked alone', () => {
    expect(pathsOf(settingsViolations(listed(...tooMany), { ...FACTS, status: null }))).toEqual([
      'dhcp.reservedClients',
    ]);
  });

  it('too many that were there before let no others in that nobody checks', () => {
    const others = tooMany.map((client) => ({ ...client, mac: 'no' }));
    expect(pathsOf(violationsOfChange(listed(...tooMany), listed(...others), FACTS))).toEqual([
      'dhcp.reservedClients',
    ]);
    const renamed = { ...listed(...structuredClone(tooMany)), name: 'New' };
    expect(violationsOfChange(listed(...tooMany), renamed, FACTS)).toEqual([]);
  });
});

describe('a violation counts only when a value that it involves changes in this update', () => {
  const open6G = settings({ wifi: wifi({ ssid: '', enabled6G: true }) });
  it.each<[string, DeviceSettings, DeviceSettings, readonly string[]]>([
    ['a rename beside older faults', open6G, { ...open6G, name: 'New' }, []],
    ['nothing at all', open6G, open6G, []],
    ['a new fault beside older ones', open6G, { ...open6G, name: '' }, ['name']],
    [
      'a missing value whose need arises',
      SETTINGS,
      settings({ wifi: wifi({ enabled: true }) }),
      ['wifi.ssid'],
    ],
    [
      'another value of one that was bad',
      open6G,
      settings({ wifi: wifi({ ssid: '\n', enabled6G: true }) }),
      ['wifi.ssid'],
    ],
    ['a twin that is added', listed(ONE), listed(ONE, ONE), ['[1].mac', '[1].ip']],
    ['older twins, moved', listed(TWO, ONE, { ...ONE }), listed(ONE, { ...ONE }, TWO), []],
  ])('%s', (_, before, after, paths) => {
    const found = pathsOf(violationsOfChange(before, after, FACTS));
    expect(found.map((path) => path.replace('dhcp.reservedClients', ''))).toEqual(paths);
  });
});

describe('what changed: every dotted path, and what a person would say', () => {
  it.each<[string, DeviceSettings, DeviceSettings, readonly string[], readonly string[]]>([
    ['nothing', listed(ONE), listed({ ...ONE }), [], []],
    ['a name', SETTINGS, settings({ name: 'New' }), ['name'], ['name']],
    ['notes', SETTINGS, settings({ notes: null }), ['notes'], ['notes']],
    ['a MAC address', SETTINGS, settings({ macAddress: 'aaaaaaaaaaaa' }), ['macAddress'], ['macAddress']],
    ['a WiFi section with defaults', SETTINGS, settings({ wifi: wifi({}) }), [], ['wifi']],
    ['a DHCP section with defaults', SETTINGS, settings({ dhcp: dhcp({}) }), [], ['dhcp']],
    ['a WiFi section that comes', SETTINGS, settings({ wifi: wifi({ ssid: 'x' }) }), ['wifi.ssid'], ['wifi']],
    ['a WiFi section that goes', settings({ wifi: wifi({ ssid: 'x' }) }), SETTINGS, ['wifi.ssid'], ['wifi']],
    [
      'a lease time',
      settings({ dhcp: dhcp({}) }),
      settings({ dhcp: dhcp({ leaseTime: 1 }) }),
      ['dhcp.leaseTime'],
      ['dhcp.leaseTime'],
    ],
    [
      'a DHCP section that goes',
      settings({ dhcp: dhcp({ leaseTime: 1 }) }),
      SETTINGS,
      ['dhcp.leaseTime'],
      ['dhcp'],
    ],
    [
      'a reservation that comes',
      listed(ONE),
      listed(ONE, TWO),
      ['', '[1].mac', '[1].ip', '[1].enable', '[1].id'].map((part) => `dhcp.reservedClients${part}`),
      ['dhcp.reservedClients'],
    ],
    [
      'a reservation that goes',
      listed(ONE, TWO),
      listed(TWO),
      ['dhcp.reservedClients'],
      ['dhcp.reservedClients'],
    ],
    ['reservations in another order', listed(ONE, TWO), listed(TWO, ONE), [], ['dhcp.reservedClients']],
    [
      'the address of a client that also moved',
      listed(ONE, TWO),
      listed({ ...TWO, ip: '192.168.0.10' }, ONE),
      ['dhcp.reservedClients[0].ip'],
      ['dhcp.reservedClients'],
    ],
    [
      'a client that is switched off and named',
      listed(ONE),
      listed({ ...ONE, enable: false, id: 'one' }),
      ['dhcp.reservedClients[0].enable', 'dhcp.reservedClients[0].id'],
      ['dhcp.reservedClients'],
    ],
    [
      'another client at the same address',
      listed(ONE),
      listed({ ...TWO, ip: ONE.ip, id: null }),
      ['mac', 'ip', 'enable', 'id']
        // A client that was not there before is new in every value.
        .map((field) => `dhcp.reservedClients[0].${field}`),
      ['dhcp.reservedClients'],
    ],
    [
      'the address of one of two twins',
      listed(ONE, { ...ONE, ip: '192.168.0.10' }),
      listed({ ...ONE }, { ...ONE, ip: '192.168.0.11' }),
      ['dhcp.reservedClients[1].ip'],
      ['dhcp.reservedClients'],
    ],
    [
      'one of two twins: the one at the known address is the old one',
      listed(ONE, { ...ONE, ip: '192.168.0.10', id: 'b' }),
      listed({ ...ONE, ip: '192.168.0.10', id: 'b' }, { ...ONE, enable: false }),
      ['dhcp.reservedClients[1].enable'],
      ['dhcp.reservedClients'],
    ],
  ])('%s', (_, before, after, paths, names) => {
    expect([...changedPaths(before, after)]).toEqual(paths);
    expect(namesOfChanges(before, after)).toEqual(names);
  });
});

describe('an update has an effect when a value differs', () => {
  it.each<[string, DeviceSettings, boolean]>([
    ['the same values', structuredClone(listed(ONE)), true],
    ['another name', { ...listed(ONE), name: 'New' }, false],
    ['another order of reservations', listed(TWO, ONE), false],
    ['a section with defaults that was null', { ...listed(ONE), wifi: wifi({}) }, false],
  ])('%s', (_, after, isSame) => {
    expect(isSameSettings(listed(ONE), after)).toBe(isSame);
  });
});
