import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newMac, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused, read, storedRow, update, updated } from './update.js';

const colons = (mac: string, separator = ':'): string => mac.replaceAll(/(..)(?=.)/g, `$1${separator}`);
const dottedPath = (mac: string): string => mac.replaceAll(/(....)(?=.)/g, '$1.');
const upper = (mac: string): string => mac.toUpperCase();

/** Every way to write a MAC address. */
const NOTATIONS: { rule: string; write: (mac: string) => string }[] = [
  { rule: '12 digits', write: (mac) => mac },
  { rule: '12 digits in capitals', write: upper },
  { rule: '12 digits in mixed case', write: (mac) => upper(mac.slice(0, 6)) + mac.slice(6) },
  { rule: 'colons', write: (mac) => colons(mac) },
  { rule: 'colons in capitals', write: (mac) => upper(colons(mac)) },
  { rule: 'hyphens', write: (mac) => colons(mac, '-') },
  { rule: 'hyphens in capitals', write: (mac) => upper(colons(mac, '-')) },
  { rule: 'dots between groups of four', write: dottedPath },
  { rule: 'dots between groups of four in capitals', write: (mac) => upper(dottedPath(mac)) },
  { rule: 'dots between pairs', write: (mac) => colons(mac, '.') },
];

/** A MAC address that has letters, so that capitals make a difference. */
function newMacWithLetters(): string {
  return `a2cdef${newMac().slice(6)}`;
}

describe('updateNetworkDevice keeps MAC addresses in one form, and each on one device only', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(byRule(NOTATIONS))('accepts %s, and stores 12 lower-case hex digits', async (_, { write }) => {
    const mac = newMacWithLetters();
    const answer = await expectAccepted(gateway, await createDevice(gateway), { macAddress: write(mac) });
    expect(answer.macAddress).toBe(mac);
  });

  it.each(byRule(NOTATIONS))('finds that an address is in use, written as %s', async (_, { write }) => {
    const taken = await createDevice(gateway, { macAddress: newMacWithLetters() });
    const device = await createDevice(gateway);
    const { device: answer, errors } = await update(gateway, device, { macAddress: write(taken.macAddress) });
    expect(answer).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['MAC_ADDRESS_IN_USE']);
  });

  it.each(byRule(NOTATIONS))('takes its own address as no change, written as %s', async (_, { write }) => {
    const device = await createDevice(gateway, { macAddress: newMacWithLetters() });
    const row = await storedRow(gateway, device);
    const answer = await updated(gateway, device, { macAddress: write(device.macAddress) });
    expect(answer).toMatchObject({ macAddress: device.macAddress, version: 1 });
    expect(await storedRow(gateway, device)).toBe(row);
  });

  const malformed: { rule: string; mac: string | null }[] = [
    { rule: 'null', mac: null },
    { rule: 'the empty text', mac: '' },
    { rule: 'a blank', mac: ' ' },
    { rule: '11 digits', mac: '12345678901' },
    { rule: '13 digits', mac: '1234567890123' },
    { rule: 'a letter that is no hex digit', mac: '12345678901g' },
    { rule: 'a blank in front', mac: ' 123456789012' },
    { rule: 'a line break at the end', mac: '123456789012\n' },
    { rule: 'blanks between', mac: '12 34 56 78 90 12' },
    { rule: 'underscores between', mac: '12_34_56_78_90_12' },
    { rule: 'a separator at the end', mac: '12:34:56:78:90:12:' },
    { rule: 'a separator in front', mac: '-123456789012' },
    { rule: 'separators alone', mac: ':::::' },
    { rule: 'eight octets', mac: '12:34:56:78:90:12:34:56' },
    { rule: 'a 0x in front', mac: '0x123456789012' },
    { rule: 'digits of another script', mac: '１２３４５６７８９０１２' },
    { rule: 'NUL inside', mac: '123456\u0000789012' },
    { rule: 'half a surrogate pair', mac: '12345678901\ud800' },
    { rule: 'a MAC address in braces', mac: '{123456789012}' },
    { rule: 'all zero', mac: '00:00:00:00:00:00' },
    { rule: 'broadcast', mac: 'ff:ff:ff:ff:ff:ff' },
    { rule: 'the multicast address of IPv4', mac: '01-00-5E-00-00-01' },
    { rule: 'the multicast address of IPv6', mac: '3333.0000.0001' },
    { rule: 'a multicast address that is locally administered', mac: '03a0b1c2d3e4' },
  ];
  it.each(byRule(malformed))('refuses %s', async (_, { mac }) => {
    await expectRefused(gateway, await createDevice(gateway), { macAddress: mac }, ['macAddress']);
  });

  it('says that an address is in use, and never which device has it', async () => {
    const taken = await createDevice(gateway, { name: 'The one that has it' });
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const { errors } = await update(gateway, device, { macAddress: taken.macAddress, name: 'Renamed' });
    const message = 'MAC address is already in use.';
    const rest = { code: 422, message: 'macAddress' };
    const { requestId, ...extensions } = errors[0]?.extensions ?? {};
    expect(requestId).not.toBe('');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ message, path: ['updateNetworkDevice'] });
    expect(extensions).toEqual({
      code: 'MAC_ADDRESS_IN_USE',
      rest,
      violations: [{ path: 'macAddress', code: 'MAC_ADDRESS_IN_USE', rest, message }],
      deviceId: device.id,
      retryable: false,
    });
    for (const secret of [taken.id, taken.customer, 'The one that has it']) {
      expect(JSON.stringify(errors)).not.toContain(secret);
    }
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('reports it at its place among other violations', async () => {
    const taken = await createDevice(gateway);
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const { errors } = await update(gateway, device, {
      dhcp: { leaseTime: 0 },
      wifi: { ssid: '' },
      macAddress: taken.macAddress,
      notes: '\u0000',
      name: '',
    });
    expect(errors).toHaveLength(1);
    const { code, rest, violations } = errors[0]?.extensions ?? {};
    expect(violations?.map((violation) => [violation.path, violation.code])).toEqual([
      ['name', 'INVALID_VALUE'],
      ['notes', 'INVALID_VALUE'],
      ['macAddress', 'MAC_ADDRESS_IN_USE'],
      ['wifi.ssid', 'INVALID_VALUE'],
      ['dhcp.leaseTime', 'INVALID_VALUE'],
    ]);
    expect({ code, rest }).toEqual({ code: 'INVALID_VALUE', rest: { code: 422, message: 'name' } });
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('is the error itself when it comes first', async () => {
    const taken = await createDevice(gateway);
    const input = { wifi: { ssid: '' }, macAddress: taken.macAddress };
    const { errors } = await update(gateway, await createDevice(gateway), input);
    expect(errors[0]).toMatchObject({
      message: 'MAC address is already in use.',
      extensions: { code: 'MAC_ADDRESS_IN_USE', rest: { code: 422, message: 'macAddress' } },
    });
    expect(errors[0]?.extensions.violations?.map(({ path }) => path)).toEqual(['macAddress', 'wifi.ssid']);
  });

  it('lets exactly one of two devices win that race for one address', async () => {
    for (let round = 0; round < 20; round += 1) {
      const devices = [await createDevice(gateway), await createDevice(gateway)];
      const macAddress = newMac();
      const outcomes = await Promise.all(
        devices.map(async (device) => await update(gateway, device, { macAddress })),
      );
      const codes = outcomes.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
      expect(codes).toEqual(['MAC_ADDRESS_IN_USE']);
      const stored = await Promise.all(devices.map(async (device) => await read(gateway, device)));
      expect(stored.filter((device) => device.macAddress === macAddress)).toHaveLength(1);
      expect(stored.map(({ version }) => version).sort()).toEqual([1, 2]);
    }
  });

  it('answers the loser of a race as it answers one who comes late', async () => {
    const devices = await Promise.all(Array.from({ length: 10 }, async () => await createDevice(gateway)));
    const macAddress = newMac();
    const outcomes = await Promise.all(
      devices.map(async (device) => await update(gateway, device, { macAddress })),
    );
    const losers = outcomes.flatMap(({ errors }) => errors);
    expect(losers).toHaveLength(9);
    for (const { message, extensions } of losers) {
      expect(message).toBe('MAC address is already in use.');
      expect(extensions.rest).toEqual({ code: 422, message: 'macAddress' });
      expect(extensions.violations).toHaveLength(1);
    }
  });

  it('gives away an address that its device has left', async () => {
    const [first, second] = [await createDevice(gateway), await createDevice(gateway)];
    await expectAccepted(gateway, first, { macAddress: newMac() });
    await expectAccepted(gateway, second, { macAddress: first.macAddress });
  });
});
