import { describe, expect, it } from 'vitest';
import type { DeviceSettings } from '../../src/domain/device.js';
import { applyPatch, type DevicePatch, type ReservedClientPatch } from '../../src/domain/device-patch.js';
import type { ReservedClient } from '../../src/domain/dhcp.js';
import { dhcp, SETTINGS, wifi } from './settings.js';

const BEFORE: DeviceSettings = {
  ...SETTINGS,
  wifi: wifi({ enabled: true, ssid: 'SkyNet', password: 'JohnConner', bandsteering: true }),
  dhcp: dhcp({
    enable: true,
    ipPoolStart: '192.168.0.10',
    leaseTime: 60,
    reservedClients: [{ mac: 'aaaaaaaaaa01', ip: '192.168.0.9', enable: true, id: 'one' }],
  }),
};

describe('absent leaves, null clears, a value sets', () => {
  it.each<[string, DevicePatch, Partial<DeviceSettings>]>([
    ['nothing', {}, {}],
    ['a name', { name: 'New' }, { name: 'New' }],
    ['a name with blanks around it', { name: '  New one\t' }, { name: 'New one' }],
    ['a cleared name, which the rules refuse', { name: null }, { name: '' }],
    ['notes', { notes: ' New ' }, { notes: ' New ' }],
    ['no notes', { notes: null }, { notes: null }],
    [
      'a MAC address in another notation',
      { macAddress: 'AA:BB:CC:DD:EE:FF' },
      { macAddress: 'aabbccddeeff' },
    ],
    ['a bad MAC address, which the rules refuse', { macAddress: 'Nope' }, { macAddress: 'Nope' }],
    ['a cleared MAC address, which the rules refuse', { macAddress: null }, { macAddress: '' }],
    ['no WiFi section', { wifi: null }, { wifi: null }],
    ['no DHCP section', { dhcp: null }, { dhcp: null }],
  ])('%s', (_, patch, changed) => {
    expect(applyPatch(BEFORE, patch)).toEqual({ ...BEFORE, ...changed });
  });

  it('a cleared MAC address does not stand for no change', () => {
    expect(applyPatch({ ...BEFORE, macAddress: 'x' }, { macAddress: null }).macAddress).toBe('');
  });

  it('an absent WiFi field stays, one that is null is cleared: a boolean to false', () => {
    const patch: DevicePatch = { wifi: { enabled: null, ssid: null, ssid5G: 'New' } };
    expect(applyPatch(BEFORE, patch)).toEqual({
      ...BEFORE,
      wifi: wifi({ enabled: false, ssid: null, password: 'JohnConner', ssid5G: 'New', bandsteering: true }),
    });
  });

  it('an absent DHCP field stays, one that is null is cleared: a list to the empty one', () => {
    const patch: DevicePatch = {
      dhcp: { leaseTime: null, reservedClients: null, ipPoolEnd: '192.168.0.99' },
    };
    expect(applyPatch(BEFORE, patch).dhcp).toEqual({
      enable: true,
      ipPoolStart: '192.168.0.10',
      ipPoolEnd: '192.168.0.99',
      leaseTime: null,
      primaryDnsServer: null,
      reservedClients: [],
    });
  });

  it('reservations stay when other DHCP fields change', () => {
    const after = applyPatch(BEFORE, { dhcp: { leaseTime: 90 } });
    expect(after.dhcp?.reservedClients).toEqual(BEFORE.dhcp?.reservedClients);
  });
});

describe('an object on a section that was null creates it', () => {
  it('WiFi: booleans are false, the rest is null', () => {
    expect(applyPatch(SETTINGS, { wifi: {} }).wifi).toStrictEqual({
      enabled: false,
      ssid: null,
      password: null,
      enabled5G: false,
      ssid5G: null,
      password5G: null,
      enabled6G: false,
      ssid6G: null,
      password6G: null,
      bandsteering: false,
    });
  });

  it('DHCP: booleans are false, reservations are the empty list, the rest is null', () => {
    expect(applyPatch(SETTINGS, { dhcp: {} }).dhcp).toStrictEqual({
      enable: false,
      ipPoolStart: null,
      ipPoolEnd: null,
      leaseTime: null,
      primaryDnsServer: null,
      reservedClients: [],
    });
  });

  it('what the object says is set', () => {
    const wish = { mac: 'AA-AA-AA-AA-AA-01', ip: '192.168.0.9', enable: true };
    const after = applyPatch(SETTINGS, { wifi: { ssid: 'New' }, dhcp: { reservedClients: [wish] } });
    expect(after.wifi).toEqual(wifi({ ssid: 'New' }));
    expect(after.dhcp?.reservedClients).toEqual([{ ...wish, mac: 'aaaaaaaaaa01', id: null }]);
  });
});

describe('reservations are replaced as a whole; one without id whose MAC was there before keeps its id', () => {
  const ip = '192.168.0.20';
  it.each<[string, readonly ReservedClientPatch[], readonly ReservedClient[]]>([
    ['none', [], []],
    [
      'the known client at another address',
      [{ mac: 'aaaaaaaaaa01', ip, enable: false }],
      [{ mac: 'aaaaaaaaaa01', ip, enable: false, id: 'one' }],
    ],
    [
      'the known client in another notation',
      [{ mac: 'AAAA.AAAA.AA01', ip, enable: true }],
      [{ mac: 'aaaaaaaaaa01', ip, enable: true, id: 'one' }],
    ],
    [
      'the known client with another id',
      [{ mac: 'aaaaaaaaaa01', ip, enable: true, id: 'two' }],
      [{ mac: 'aaaaaaaaaa01', ip, enable: true, id: 'two' }],
    ],
    [
      'the known client with no id any more',
      [{ mac: 'aaaaaaaaaa01', ip, enable: true, id: null }],
      [{ mac: 'aaaaaaaaaa01', ip, enable: true, id: null }],
    ],
    [
      'a new client at the address of the known one',
      [{ mac: 'aaaaaaaaaa02', ip: '192.168.0.9', enable: true }],
      [{ mac: 'aaaaaaaaaa02', ip: '192.168.0.9', enable: true, id: null }],
    ],
    [
      'a MAC address that is none, which the rules refuse',
      [{ mac: 'Nope', ip, enable: true }],
      [{ mac: 'Nope', ip, enable: true, id: null }],
    ],
  ])('%s', (_, reservedClients, stored) => {
    expect(applyPatch(BEFORE, { dhcp: { reservedClients } }).dhcp?.reservedClients).toEqual(stored);
  });
});
