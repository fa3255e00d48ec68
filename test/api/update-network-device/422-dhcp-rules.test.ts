import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused, type Input } from './update.js';

const lan = (lanIp: string | null, subnetMask: string | null): DeviceWishes => ({
  dhcp: { ipPoolStart: null, ipPoolEnd: null, enable: false, reservedClients: [] },
  status: { lanIp, subnetMask },
});
const pool = (ipPoolStart: string, ipPoolEnd: string): Input => ({ ipPoolStart, ipPoolEnd });
const LAN = lan('192.168.0.1', '255.255.255.0');
const LAN_AT_TOP = lan('192.168.0.254', '255.255.255.0');
const HALF = lan('192.168.0.1', '255.255.255.128');
const WIDE = lan('10.0.5.1', '255.255.0.0');

interface Case {
  readonly rule: string;
  readonly device?: DeviceWishes;
  readonly dhcp: Input | null;
}

describe('updateNetworkDevice never stores DHCP settings that break a rule', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const notAnIPv4 = [
    { rule: 'the empty text', text: '' },
    { rule: 'a leading zero', text: '192.168.0.010' },
    { rule: 'a leading zero in front', text: '0192.168.0.10' },
    { rule: 'two zeros', text: '192.168.00.10' },
    { rule: 'a prefix', text: '192.168.0.10/24' },
    { rule: 'an octet of 256', text: '192.168.0.256' },
    { rule: 'an octet of 1000', text: '192.168.0.1000' },
    { rule: 'three octets', text: '192.168.10' },
    { rule: 'five octets', text: '192.168.0.10.1' },
    { rule: 'an empty octet', text: '192.168..10' },
    { rule: 'a dot at the end', text: '192.168.0.10.' },
    { rule: 'a blank in front', text: ' 192.168.0.10' },
    { rule: 'a line break at the end', text: '192.168.0.10\n' },
    { rule: 'a sign', text: '192.168.0.+10' },
    { rule: 'hex digits', text: '0xc0.0xa8.0.0x0a' },
    { rule: 'one number', text: '3232235530' },
    { rule: 'a port', text: '192.168.0.10:80' },
    { rule: 'digits of another script', text: '١٩٢.168.0.10' },
    { rule: 'IPv6', text: '::ffff:192.168.0.10' },
    { rule: 'a host name', text: 'localhost' },
    { rule: 'NUL at the end', text: '192.168.0.10\u0000' },
    { rule: 'half a surrogate pair', text: '192.168.0.10\ud800' },
  ];
  const badAddresses = (['ipPoolStart', 'ipPoolEnd', 'primaryDnsServer'] as const).flatMap((field) =>
    notAnIPv4.map(({ rule, text }) => ({ rule: `${rule} as ${field}`, field, text })),
  );
  it.each(byRule(badAddresses))('refuses %s', async (_, { field, text }) => {
    const input = { dhcp: { [field]: text } };
    await expectRefused(gateway, await createDevice(gateway), input, [`dhcp.${field}`]);
  });

  const bad: (Case & { dhcp: Input; at: string[] })[] = [
    {
      rule: 'DHCP enabled in a section that was null, with nothing that it needs',
      device: { dhcp: null },
      dhcp: { enable: true },
      at: ['ipPoolStart', 'ipPoolEnd', 'leaseTime'],
    },
    { rule: 'enabled DHCP without ipPoolStart', dhcp: { ipPoolStart: null }, at: ['ipPoolStart'] },
    { rule: 'enabled DHCP without ipPoolEnd', dhcp: { ipPoolEnd: null }, at: ['ipPoolEnd'] },
    { rule: 'enabled DHCP without leaseTime', dhcp: { leaseTime: null }, at: ['leaseTime'] },
    { rule: 'a lease of 0 minutes', dhcp: { leaseTime: 0 }, at: ['leaseTime'] },
    { rule: 'a lease of -1 minutes', dhcp: { leaseTime: -1 }, at: ['leaseTime'] },
    { rule: 'a lease of 525601 minutes', dhcp: { leaseTime: 525_601 }, at: ['leaseTime'] },
    { rule: 'the longest Int as lease', dhcp: { leaseTime: 2_147_483_647 }, at: ['leaseTime'] },
    { rule: 'a bad lease while DHCP is off', device: LAN, dhcp: { leaseTime: 0 }, at: ['leaseTime'] },
    { rule: 'a pool that ends before it starts', dhcp: { ipPoolStart: '192.168.0.201' }, at: ['ipPoolEnd'] },
    {
      rule: 'a pool in wrong order while DHCP is off, compared as numbers',
      device: LAN,
      dhcp: pool('192.168.0.100', '192.168.0.20'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'a pool in wrong order where no subnet is known',
      device: lan(null, null),
      dhcp: pool('10.0.1.1', '10.0.0.255'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'a pool that starts below the subnet',
      device: LAN_AT_TOP,
      dhcp: pool('192.167.255.255', '192.168.0.20'),
      at: ['ipPoolStart'],
    },
    {
      rule: 'a pool that ends above the subnet',
      device: LAN,
      dhcp: pool('192.168.0.20', '192.168.1.1'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'a pool in another subnet',
      device: LAN,
      dhcp: pool('10.0.0.2', '10.0.0.9'),
      at: ['ipPoolStart', 'ipPoolEnd'],
    },
    {
      rule: 'the network address as ipPoolStart',
      device: LAN_AT_TOP,
      dhcp: pool('192.168.0.0', '192.168.0.20'),
      at: ['ipPoolStart'],
    },
    {
      rule: 'the broadcast address as ipPoolEnd',
      device: LAN,
      dhcp: pool('192.168.0.20', '192.168.0.255'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'the broadcast address of half a subnet',
      device: HALF,
      dhcp: pool('192.168.0.20', '192.168.0.127'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'a pool beyond half a subnet',
      device: HALF,
      dhcp: pool('192.168.0.20', '192.168.0.129'),
      at: ['ipPoolEnd'],
    },
    {
      rule: 'one end of a pool outside the subnet, the other not set',
      device: LAN,
      dhcp: { ipPoolStart: '10.0.0.2' },
      at: ['ipPoolStart'],
    },
    {
      rule: "a pool that starts at the device's own address",
      device: LAN,
      dhcp: pool('192.168.0.1', '192.168.0.20'),
      at: ['ipPoolStart'],
    },
    {
      rule: "a pool that ends at the device's own address",
      device: LAN_AT_TOP,
      dhcp: pool('192.168.0.20', '192.168.0.254'),
      at: ['ipPoolStart'],
    },
    {
      rule: "a pool around the device's own address",
      device: WIDE,
      dhcp: pool('10.0.0.2', '10.0.9.1'),
      at: ['ipPoolStart'],
    },
  ];
  it.each(byRule(bad))('refuses %s', async (_, { device, dhcp, at }) => {
    const paths = at.map((field) => `dhcp.${field}`);
    await expectRefused(gateway, await createDevice(gateway, device), { dhcp }, paths);
  });

  const good: Case[] = [
    { rule: 'a lease of 1 minute', dhcp: { leaseTime: 1 } },
    { rule: 'a lease of a year', dhcp: { leaseTime: 525_600 } },
    {
      rule: 'DHCP enabled together with all it needs',
      device: { dhcp: null },
      dhcp: { enable: true, ...pool('192.168.0.2', '192.168.0.3'), leaseTime: 1 },
    },
    { rule: 'a pool while DHCP is off', device: LAN, dhcp: pool('192.168.0.2', '192.168.0.3') },
    { rule: 'DHCP off with nothing set', device: { dhcp: null }, dhcp: { enable: false } },
    { rule: 'what enabled DHCP needs, gone as it is switched off', dhcp: { enable: false, leaseTime: null } },
    { rule: 'a pool of one address', device: LAN, dhcp: pool('192.168.0.9', '192.168.0.9') },
    { rule: 'the first and the last host', device: LAN, dhcp: pool('192.168.0.2', '192.168.0.254') },
    {
      rule: 'a pool below the device itself',
      device: LAN_AT_TOP,
      dhcp: pool('192.168.0.1', '192.168.0.253'),
    },
    { rule: 'octets of 0 and 255 inside a wide subnet', device: WIDE, dhcp: pool('10.0.0.255', '10.0.1.0') },
    { rule: 'the last host of half a subnet', device: HALF, dhcp: pool('192.168.0.2', '192.168.0.126') },
    { rule: 'one end of a pool alone while DHCP is off', device: LAN, dhcp: { ipPoolEnd: '192.168.0.9' } },
    {
      rule: 'any pool while the mask is not known',
      device: lan('192.168.0.1', null),
      dhcp: pool('192.168.0.0', '192.168.9.255'),
    },
    {
      rule: 'any pool while the address is not known',
      device: lan(null, '255.255.255.0'),
      dhcp: pool('10.0.0.0', '10.0.0.255'),
    },
    {
      rule: 'any pool of a device that never reported',
      device: { status: null },
      dhcp: pool('0.0.0.0', '9.9.9.9'),
    },
    { rule: 'a DNS server outside the subnet', dhcp: { primaryDnsServer: '1.1.1.1' } },
    { rule: 'the device itself as DNS server', dhcp: { primaryDnsServer: '192.168.0.1' } },
    { rule: 'zeros as octets', dhcp: { primaryDnsServer: '10.0.0.0' } },
    { rule: '255 as octet', dhcp: { primaryDnsServer: '255.255.255.255' } },
  ];
  it.each(byRule(good))('accepts %s', async (_, { device, dhcp }) => {
    const answer = await expectAccepted(gateway, await createDevice(gateway, device), { dhcp });
    expect(answer.dhcp).toMatchObject(dhcp ?? {});
  });
});
