import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isHostAddress,
  isStationMac,
  isIPv6,
  parseIPv4,
  parseMac,
  parseSubnet,
  type Subnet,
} from '../../src/domain/addresses.js';

/** The dotted quad of an unsigned 32-bit number, byte by byte. */
function quad(address: number): string {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, address);
  return bytes.join('.');
}

function mask(bits: number): number {
  return Number((0xffffffffn << BigInt(32 - bits)) & 0xffffffffn);
}

const anyAddress = fc.integer({ min: 0, max: 0xffffffff });

describe('parseMac accepts 12 hex digits with one separator or nothing between, and nothing else', () => {
  it.each([
    ['123456789012', '123456789012'],
    ['ABCDEFabcdef', 'abcdefabcdef'],
    ['12:34:56:78:90:12', '123456789012'],
    ['12-34-56-78-90-AB', '1234567890ab'],
    ['1234.5678.90ab', '1234567890ab'],
    ['12.34.56.78.90.ab', '1234567890ab'],
    ['123456-7890ab', '1234567890ab'],
  ])('reads %j as %s', (text, mac) => {
    expect(parseMac(text)).toBe(mac);
  });

  it.each([
    '',
    ' ',
    '12345678901',
    '1234567890123',
    '12345678901g',
    ' 123456789012',
    '123456789012 ',
    '123456789012\n',
    ':123456789012',
    '123456789012:',
    '12 34 56 78 90 12',
    '12_34_56_78_90_12',
    '12:34:56:78:90',
    '::::::::::::',
    '0x1234567890',
    '１２３４５６７８９０１２',
  ])('refuses %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });

  it('reads every address in every notation as the same 12 digits, and those as themselves', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 12, maxLength: 12 });
    const form = fc.record({
      digits,
      separator: fc.constantFrom('', ':', '-', '.'),
      group: fc.constantFrom(2, 4, 6),
      isUpper: fc.boolean(),
    });
    fc.assert(
      fc.property(form, ({ digits, separator, group, isUpper }) => {
        const mac = digits.map((digit) => digit.toString(16)).join('');
        const groups = mac.match(new RegExp(`.{${group}}`, 'g')) ?? [];
        const text = groups.join(separator);
        expect(parseMac(isUpper ? text.toUpperCase() : text)).toBe(mac);
        expect(parseMac(mac)).toBe(mac);
      }),
    );
  });
});

describe('parseIPv4 accepts dotted quads, and nothing else', () => {
  it.each([
    ['0.0.0.0', 0],
    ['0.0.0.1', 1],
    ['0.0.1.0', 256],
    ['10.0.0.0', 0x0a000000],
    ['192.168.0.1', 0xc0a80001],
    ['127.255.255.255', 0x7fffffff],
    ['128.0.0.0', 0x80000000],
    ['255.255.255.255', 0xffffffff],
  ])('reads %s as %d', (text, address) => {
    expect(parseIPv4(text)).toBe(address);
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.00',
    '1.2.3.256',
    '1.2.3.999',
    '1.2.3.1000',
    '1.2.3.-4',
    '1.2.3.+4',
    '1.2.3.4/24',
    '1.2.3.4:80',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4\n',
    '0x1.2.3.4',
    '1.2.3.4e0',
    '1,2,3,4',
    '١.2.3.4',
    '::ffff:1.2.3.4',
    'localhost',
  ])('refuses %j', (text) => {
    expect(parseIPv4(text)).toBeUndefined();
  });

  it('reads back every address that is written as a dotted quad', () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseIPv4(quad(address))).toBe(address);
      }),
    );
  });

  it('reads no text but the one way to write an address', () => {
    const octet = fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.string({ maxLength: 4 }));
    const text = fc.array(octet, { minLength: 3, maxLength: 5 }).map((octets) => octets.join('.'));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (candidate) => {
        const address = parseIPv4(candidate);
        if (address !== undefined) expect(quad(address)).toBe(candidate);
      }),
    );
  });
});

describe('isIPv6 takes every way to write an address, without a zone', () => {
  it.each([
    ['::', true],
    ['2001:db8::1', true],
    ['2001:DB8:0:0:0:0:0:1', true],
    ['::ffff:1.2.3.4', true],
    ['fe80::1%eth0', false],
    ['1.2.3.4', false],
    ['2001:db8::1/64', false],
    ['', false],
  ])('%j: %s', (text, isAddress) => {
    expect(isIPv6(text)).toBe(isAddress);
  });
});

describe('isStationMac knows the addresses that one station can have', () => {
  it.each<[string, boolean]>([
    ['000000000000', false],
    ['000000000001', true],
    ['010000000000', false],
    ['01005e0000fb', false],
    ['333300000001', false],
    ['ffffffffffff', false],
    ['fefffffffffe', true],
    ['02a0b1c2d3e4', true],
    ['123456789012', true],
  ])('%s: %s', (mac, isStation) => {
    expect(isStationMac(mac)).toBe(isStation);
  });
});

describe('parseSubnet knows which addresses are hosts', () => {
  it.each([
    ['192.168.0.1', '255.255.255.0', '192.168.0.0', '192.168.0.255'],
    ['192.168.0.130', '255.255.255.128', '192.168.0.128', '192.168.0.255'],
    ['10.0.5.1', '255.255.0.0', '10.0.0.0', '10.0.255.255'],
    ['172.16.31.1', '255.240.0.0', '172.16.0.0', '172.31.255.255'],
    ['200.0.0.1', '128.0.0.0', '128.0.0.0', '255.255.255.255'],
    ['10.0.0.5', '255.255.255.252', '10.0.0.4', '10.0.0.7'],
    ['126.255.255.255', '255.0.0.0', '126.0.0.0', '126.255.255.255'],
    ['128.0.0.1', '255.0.0.0', '128.0.0.0', '128.255.255.255'],
    ['169.253.255.1', '255.255.255.0', '169.253.255.0', '169.253.255.255'],
    ['169.255.0.1', '255.255.255.0', '169.255.0.0', '169.255.0.255'],
    ['0.0.0.1', '255.255.255.0', '0.0.0.0', '0.0.0.255'],
  ])('finds the ends of %s with mask %s', (lanIp, subnetMask, network, broadcast) => {
    expect(parseSubnet(lanIp, subnetMask)).toEqual({
      lanIp: parseIPv4(lanIp),
      network: parseIPv4(network),
      broadcast: parseIPv4(broadcast),
    });
  });

  it.each([
    [null, null],
    ['192.168.0.1', null],
    [null, '255.255.255.0'],
    ['', ''],
    ['192.168.0.1', ''],
    ['192.168.0.1', '24'],
    ['192.168.0.1/24', '255.255.255.0'],
    ['192.168.0.1', '255.0.255.0'],
    ['192.168.0.1', '0.0.0.255'],
    ['192.168.0.1', '0.0.0.0'],
    ['192.168.0.1', '255.255.255.254'],
    ['192.168.0.1', '255.255.255.255'],
    ['0.0.0.0', '255.255.255.0'],
    ['127.0.0.1', '255.0.0.0'],
    ['127.255.255.254', '255.0.0.0'],
    ['169.254.0.0', '255.255.0.0'],
    ['169.254.255.255', '255.255.255.0'],
  ])('knows no subnet for %j and %j', (lanIp, subnetMask) => {
    expect(parseSubnet(lanIp, subnetMask)).toBeUndefined();
  });

  it('takes an address for a host exactly when it is in the subnet and neither of its ends', () => {
    const bits = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(knownAddress, anyAddress, bits, fc.boolean(), (lanIp, other, prefix, isNear) => {
        const subnet = subnetOf(lanIp, prefix);
        // Half of the candidates share the network, or hardly any would be inside.
        const candidate = isNear ? subnet.network + (other % 2 ** (32 - prefix)) : other;
        const isInside =
          Math.floor(candidate / 2 ** (32 - prefix)) === Math.floor(lanIp / 2 ** (32 - prefix));
        const isEnd = [subnet.network, subnet.broadcast].includes(candidate);
        expect(isHostAddress(candidate, subnet)).toBe(isInside && !isEnd);
      }),
    );
  });

  it('takes neither end of any subnet for a host', () => {
    fc.assert(
      fc.property(knownAddress, fc.integer({ min: 1, max: 30 }), (lanIp, prefix) => {
        const subnet = subnetOf(lanIp, prefix);
        expect(isHostAddress(subnet.network, subnet)).toBe(false);
        expect(isHostAddress(subnet.broadcast, subnet)).toBe(false);
        expect(isHostAddress(subnet.network + 1, subnet)).toBe(true);
        expect(isHostAddress(subnet.broadcast - 1, subnet)).toBe(true);
      }),
    );
  });
});

/** Any address but a placeholder of devices that do not know theirs. */
const knownAddress = anyAddress.filter((address) => {
  const text = quad(address);
  return text !== '0.0.0.0' && !text.startsWith('127.') && !text.startsWith('169.254.');
});

function subnetOf(lanIp: number, prefix: number): Subnet {
  const subnet = parseSubnet(quad(lanIp), quad(mask(prefix)));
  if (subnet === undefined) throw new Error('Not a subnet.');
  return subnet;
}
