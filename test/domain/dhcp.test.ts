import { describe, expect, it } from 'vitest';
import { parseSubnet } from '../../src/domain/addresses.js';
import { dhcpViolations, type DhcpSettings, type ReservedClient } from '../../src/domain/dhcp.js';
import { dhcp, pathsOf } from './settings.js';

const LAN = parseSubnet('192.168.0.100', '255.255.255.0');
const at = (host: number): string => `192.168.0.${host}`;
const client = (wishes: Partial<ReservedClient> = {}): ReservedClient => ({
  mac: 'aaaaaaaaaa01',
  ip: at(9),
  enable: true,
  id: null,
  ...wishes,
});
const other = (wishes: Partial<ReservedClient> = {}): ReservedClient =>
  client({ mac: 'aaaaaaaaaa02', ip: at(10), ...wishes });
const faultsOf = (wishes: Partial<DhcpSettings>, subnet = LAN): string[] =>
  pathsOf(dhcpViolations(dhcp(wishes), subnet)).map((path) => path.replace(/^dhcp\./, ''));

describe('enabled DHCP needs a pool and a lease time', () => {
  const ready = { enable: true, ipPoolStart: at(2), ipPoolEnd: at(9), leaseTime: 60 };
  it.each<[string, Partial<DhcpSettings>, readonly string[]]>([
    ['all it needs', ready, []],
    ['nothing', { enable: true }, ['ipPoolStart', 'ipPoolEnd', 'leaseTime']],
    ['no start', { ...ready, ipPoolStart: null }, ['ipPoolStart']],
    ['no end', { ...ready, ipPoolEnd: null }, ['ipPoolEnd']],
    ['no lease time', { ...ready, leaseTime: null }, ['leaseTime']],
    ['nothing while it is off', {}, []],
  ])('%s', (_, wishes, paths) => {
    expect(faultsOf(wishes)).toEqual(paths);
  });

  it('the sentence names what is missing', () => {
    const [violation] = dhcpViolations(dhcp({ ...ready, leaseTime: null }), LAN);
    expect(violation?.message).toContain('leaseTime');
  });
});

describe('addresses are dotted quads, whether DHCP is enabled or not', () => {
  it.each([
    ['10.0.0.0', true],
    ['1.1.1', false],
    ['1.1.1.1/24', false],
    ['1.1.1.01', false],
    ['', false],
  ])('%j: %s', (text, isGood) => {
    expect(faultsOf({ primaryDnsServer: text })).toEqual(isGood ? [] : ['primaryDnsServer']);
    if (isGood) return;
    expect(faultsOf({ ipPoolStart: text })).toEqual(['ipPoolStart']);
    expect(faultsOf({ ipPoolEnd: text })).toEqual(['ipPoolEnd']);
    expect(faultsOf({ reservedClients: [client({ ip: text })] })).toEqual(['reservedClients[0].ip']);
  });
});

describe('leases last 1 to 525600 minutes', () => {
  it.each([
    [-1, false],
    [0, false],
    [1, true],
    [525_600, true],
    [525_601, false],
  ])('%d: %s', (leaseTime, isGood) => {
    expect(faultsOf({ leaseTime })).toEqual(isGood ? [] : ['leaseTime']);
  });
});

describe('a pool starts before it ends, lies in the subnet and does not hold the device itself', () => {
  it.each<[string | null, string | null, readonly string[]]>([
    [at(2), at(99), []],
    [at(101), at(254), []],
    [at(1), at(1), []],
    [at(9), at(8), ['ipPoolEnd']],
    [at(0), at(9), ['ipPoolStart']],
    [at(101), at(255), ['ipPoolEnd']],
    ['192.167.255.255', '192.168.1.0', ['ipPoolStart', 'ipPoolEnd', 'ipPoolStart']],
    ['10.0.0.2', null, ['ipPoolStart']],
    [null, '10.0.0.9', ['ipPoolEnd']],
    [at(2), at(100), ['ipPoolStart']],
    [at(100), at(102), ['ipPoolStart']],
    [at(99), at(101), ['ipPoolStart']],
    [at(100), null, []],
    [null, at(100), []],
  ])('%s to %s', (ipPoolStart, ipPoolEnd, paths) => {
    expect(faultsOf({ ipPoolStart, ipPoolEnd })).toEqual(paths);
  });

  it('only the order is checked while the subnet is not known', () => {
    const unknown = (ipPoolStart: string, ipPoolEnd: string): string[] =>
      pathsOf(dhcpViolations(dhcp({ ipPoolStart, ipPoolEnd }), undefined));
    expect(unknown('0.0.0.0', '255.255.255.255')).toEqual([]);
    expect(unknown('10.0.1.0', '10.0.0.255')).toEqual(['dhcp.ipPoolEnd']);
  });
});

describe('a reservation has a MAC address, and an address that a host of the subnet may have', () => {
  it.each<[string, Partial<ReservedClient>, readonly string[]]>([
    ['a good one', {}, []],
    ['no MAC address', { mac: '' }, ['mac']],
    ['11 digits', { mac: 'aaaaaaaaaa0' }, ['mac']],
    ['a multicast MAC address', { mac: '01005e0000fb' }, ['mac']],
    ['no MAC address but zeros', { mac: '000000000000' }, ['mac']],
    ['another subnet', { ip: '192.168.1.9' }, ['ip']],
    ['the network address', { ip: at(0) }, ['ip']],
    ['the broadcast address', { ip: at(255) }, ['ip']],
    ["the device's own address", { ip: at(100) }, ['ip']],
    ['64 characters as id', { id: 'ø'.repeat(64) }, []],
    ['65 characters as id', { id: 'x'.repeat(65) }, ['id']],
    ['a line break in the id', { id: 'a\nb' }, ['id']],
    ['everything at once', { mac: 'x', ip: 'x', id: '\t' }, ['mac', 'ip', 'id']],
  ])('%s', (_, wishes, fields) => {
    const paths = fields.map((field) => `reservedClients[1].${field}`);
    expect(faultsOf({ reservedClients: [other(), client(wishes)] })).toEqual(paths);
  });

  it('any address will do while the subnet is not known', () => {
    const reservedClients = [client({ ip: '0.0.0.0' })];
    expect(dhcpViolations(dhcp({ reservedClients }), undefined)).toEqual([]);
  });

  it('the message distinguishes the own address from a foreign one', () => {
    const sentence = (ip: string): string | undefined =>
      dhcpViolations(dhcp({ reservedClients: [client({ ip })] }), LAN)[0]?.message;
    expect(sentence(at(100))).toMatch(/own address/);
    expect(sentence('10.0.0.1')).toMatch(/subnet/);
    expect(sentence('x')).toMatch(/IPv4/);
  });
});

describe('no two reservations share a MAC address or an address: the later one is the violation', () => {
  it.each<[string, readonly ReservedClient[], readonly string[]]>([
    ['two that differ', [client(), other()], []],
    ['the same MAC address', [client(), other({ mac: client().mac })], ['[1].mac']],
    ['the same address', [client(), other({ ip: at(9) })], ['[1].ip']],
    ['the same address, the first not enabled', [client({ enable: false }), other({ ip: at(9) })], []],
    ['the same address, the second not enabled', [client(), other({ ip: at(9), enable: false })], []],
    [
      'the same MAC address, one not enabled',
      [client({ enable: false }), other({ mac: client().mac })],
      ['[1].mac'],
    ],
    ['both', [client(), client()], ['[1].mac', '[1].ip']],
    ['the first and the third', [client(), other(), client({ ip: at(11) })], ['[2].mac']],
    ['three alike', [client(), client(), client()], ['[1].mac', '[1].ip', '[2].mac', '[2].ip']],
    ['no MAC addresses', [client({ mac: 'x' }), other({ mac: 'x' })], ['[0].mac', '[1].mac']],
    ['no addresses', [client({ ip: 'x' }), other({ ip: 'x' })], ['[0].ip', '[1].ip']],
  ])('%s', (_, reservedClients, places) => {
    expect(faultsOf({ reservedClients })).toEqual(places.map((place) => `reservedClients${place}`));
  });
});

describe('at most 256 reservations', () => {
  it.each([
    [256, []],
    [257, ['dhcp.reservedClients']],
  ])('%d', (count, paths) => {
    const reservedClients = Array.from({ length: count }, (_, index) =>
      client({
        mac: (0xaa0000000000 + index).toString(16),
        ip: `10.0.${index % 256}.${Math.floor(index / 256)}`,
      }),
    );
    expect(pathsOf(dhcpViolations(dhcp({ reservedClients }), undefined))).toEqual(paths);
  });
});

describe('a violation involves every value that its rule looks at', () => {
  it.each<[string, Partial<DhcpSettings>, readonly string[]]>([
    [
      'a missing end of the pool',
      { enable: true, ipPoolStart: at(2), leaseTime: 1 },
      ['ipPoolEnd', 'enable'],
    ],
    ['the order of the pool', { ipPoolStart: at(9), ipPoolEnd: at(8) }, ['ipPoolEnd', 'ipPoolStart']],
    ['the device inside the pool', { ipPoolStart: at(9), ipPoolEnd: at(200) }, ['ipPoolStart', 'ipPoolEnd']],
    ['a pool outside the subnet', { ipPoolStart: '10.0.0.1' }, ['ipPoolStart']],
    ['a lease time', { leaseTime: 0 }, ['leaseTime']],
    [
      'the same MAC address twice',
      { reservedClients: [client(), other({ mac: client().mac })] },
      ['reservedClients[1].mac', 'reservedClients[0].mac'],
    ],
    [
      'the same address twice',
      { reservedClients: [client(), other({ ip: at(9) })] },
      [
        'reservedClients[1].ip',
        'reservedClients[1].enable',
        'reservedClients[0].ip',
        'reservedClients[0].enable',
      ],
    ],
  ])('%s', (_, wishes, fields) => {
    const involves = fields.map((field) => `dhcp.${field}`);
    expect(dhcpViolations(dhcp(wishes), LAN).map((violation) => violation.involves)).toEqual([involves]);
  });

  it('the sentence about two alike names what they share', () => {
    const [mac, ip] = dhcpViolations(dhcp({ reservedClients: [client(), client()] }), LAN);
    expect(mac?.message).toContain('same mac');
    expect(ip?.message).toContain('same ip');
  });
});
