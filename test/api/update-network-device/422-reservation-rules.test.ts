import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused } from './update.js';

const A = 'aaaaaaaaaa01';
const B = 'aaaaaaaaaa02';
const C = 'aaaaaaaaaa03';
const at = (host: number): string => `192.168.0.${host}`;
const OFF: DeviceWishes = { dhcp: { enable: false } };

function many(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    mac: (0xaa0000000000 + index).toString(16),
    ip: `10.0.${Math.floor(index / 200)}.${index % 200}`,
  }));
}

/** What devices tell of their LAN while they do not know it. */
const PLACEHOLDERS: { rule: string; status: { lanIp: string; subnetMask: string } }[] = [
  { rule: '0.0.0.0 as its address', status: { lanIp: '0.0.0.0', subnetMask: '255.255.255.0' } },
  { rule: '0.0.0.0 as its mask', status: { lanIp: at(1), subnetMask: '0.0.0.0' } },
  { rule: 'a loopback address', status: { lanIp: '127.0.0.1', subnetMask: '255.0.0.0' } },
  { rule: 'a link-local address', status: { lanIp: '169.254.17.4', subnetMask: '255.255.0.0' } },
  { rule: 'a mask of 31 bits', status: { lanIp: at(1), subnetMask: '255.255.255.254' } },
  { rule: 'a mask of 32 bits', status: { lanIp: at(1), subnetMask: '255.255.255.255' } },
];

interface Case {
  readonly rule: string;
  readonly device?: DeviceWishes;
  readonly clients: readonly object[];
}

describe('updateNetworkDevice never stores reservations that break a rule', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const bad: (Case & { violations: string[] })[] = [
    { rule: 'one without MAC address', clients: [{ ip: at(9) }], violations: ['[0].mac'] },
    { rule: 'null as MAC address', clients: [{ mac: null, ip: at(9) }], violations: ['[0].mac'] },
    { rule: 'the empty text as MAC address', clients: [{ mac: '', ip: at(9) }], violations: ['[0].mac'] },
    {
      rule: 'a MAC address of 11 digits',
      clients: [{ mac: A.slice(1), ip: at(9) }],
      violations: ['[0].mac'],
    },
    {
      rule: 'a MAC address with other letters',
      clients: [{ mac: `g${A.slice(1)}`, ip: at(9) }],
      violations: ['[0].mac'],
    },
    {
      rule: 'all zero as MAC address',
      clients: [{ mac: '000000000000', ip: at(9) }],
      violations: ['[0].mac'],
    },
    {
      rule: 'the broadcast MAC address',
      clients: [{ mac: 'FFFFFFFFFFFF', ip: at(9) }],
      violations: ['[0].mac'],
    },
    {
      rule: 'a multicast MAC address',
      clients: [
        { mac: A, ip: at(8) },
        { mac: '01:00:5e:00:00:fb', ip: at(9) },
      ],
      violations: ['[1].mac'],
    },
    { rule: 'one without IP address', clients: [{ mac: A }], violations: ['[0].ip'] },
    { rule: 'null as IP address', clients: [{ mac: A, ip: null }], violations: ['[0].ip'] },
    { rule: 'the empty text as IP address', clients: [{ mac: A, ip: '' }], violations: ['[0].ip'] },
    {
      rule: 'a leading zero in an IP address',
      clients: [{ mac: A, ip: '192.168.0.09' }],
      violations: ['[0].ip'],
    },
    {
      rule: 'a prefix behind an IP address',
      clients: [{ mac: A, ip: `${at(9)}/24` }],
      violations: ['[0].ip'],
    },
    { rule: 'an octet of 256', clients: [{ mac: A, ip: '192.168.0.256' }], violations: ['[0].ip'] },
    { rule: 'one with neither address', clients: [{}], violations: ['[0].mac', '[0].ip'] },
    {
      rule: 'the second of two, with its own index',
      clients: [{ mac: A, ip: at(9) }, { mac: B }],
      violations: ['[1].ip'],
    },
    {
      rule: 'an address outside the subnet',
      clients: [{ mac: A, ip: '192.168.1.9' }],
      violations: ['[0].ip'],
    },
    { rule: 'the network address', clients: [{ mac: A, ip: at(0) }], violations: ['[0].ip'] },
    { rule: 'the broadcast address', clients: [{ mac: A, ip: at(255) }], violations: ['[0].ip'] },
    { rule: "the device's own address", clients: [{ mac: A, ip: at(1) }], violations: ['[0].ip'] },
    {
      rule: "the device's own address while DHCP is off",
      device: OFF,
      clients: [{ mac: A, ip: at(1) }],
      violations: ['[0].ip'],
    },
    {
      rule: 'a MAC address twice: the later one is at fault',
      clients: [
        { mac: A, ip: at(8) },
        { mac: B, ip: at(9) },
        { mac: A, ip: at(10) },
      ],
      violations: ['[2].mac'],
    },
    {
      rule: 'a MAC address twice in two notations',
      clients: [
        { mac: A, ip: at(8) },
        { mac: 'AA-AA-AA-AA-AA-01', ip: at(9) },
      ],
      violations: ['[1].mac'],
    },
    {
      rule: 'a MAC address three times: both later ones are at fault',
      clients: [
        { mac: A, ip: at(8) },
        { mac: A, ip: at(9) },
        { mac: A, ip: at(10) },
      ],
      violations: ['[1].mac', '[2].mac'],
    },
    {
      rule: 'an IP address twice: the later one is at fault',
      clients: [
        { mac: A, ip: at(9) },
        { mac: B, ip: at(9) },
      ],
      violations: ['[1].ip'],
    },
    {
      rule: 'an IP address twice among the enabled ones, with one between that is not',
      clients: [
        { mac: A, ip: at(9) },
        { mac: B, ip: at(9), enable: false },
        { mac: C, ip: at(9) },
      ],
      violations: ['[2].ip'],
    },
    {
      rule: "the device's own address, a network address and one outside, enabled or not",
      clients: [
        { mac: A, ip: at(1), enable: false },
        { mac: B, ip: at(0), enable: false },
        { mac: C, ip: '192.168.1.9', enable: false },
      ],
      violations: ['[0].ip', '[1].ip', '[2].ip'],
    },
    {
      rule: 'a MAC address twice, though one is not enabled',
      clients: [
        { mac: A, ip: at(8), enable: false },
        { mac: A, ip: at(9) },
      ],
      violations: ['[1].mac'],
    },
    {
      rule: 'an IP address twice while DHCP is off and no subnet is known',
      device: { ...OFF, status: null },
      clients: [
        { mac: A, ip: at(9) },
        { mac: B, ip: at(9) },
      ],
      violations: ['[1].ip'],
    },
    {
      rule: 'both addresses twice',
      clients: [
        { mac: A, ip: at(9) },
        { mac: A, ip: at(9) },
      ],
      violations: ['[1].mac', '[1].ip'],
    },
    {
      rule: 'a MAC address twice with a malformed IP address, the MAC address first',
      clients: [{ mac: A, ip: at(9) }, { mac: A }],
      violations: ['[1].mac', '[1].ip'],
    },
    {
      rule: 'texts that are no address twice, as what they are and not as twins',
      clients: [
        { mac: 'x', ip: 'y' },
        { mac: 'x', ip: 'y' },
      ],
      violations: ['[0].mac', '[0].ip', '[1].mac', '[1].ip'],
    },
    { rule: '257 reservations', device: { status: null }, clients: many(257), violations: [''] },
    {
      rule: 'an id of 65 characters',
      clients: [{ mac: A, ip: at(9), id: 'x'.repeat(65) }],
      violations: ['[0].id'],
    },
    {
      rule: 'a line break in an id',
      clients: [{ mac: A, ip: at(9), id: 'r8jf\n84fv' }],
      violations: ['[0].id'],
    },
    { rule: 'NUL in an id', clients: [{ mac: A, ip: at(9), id: 'r8jf\u000084fv' }], violations: ['[0].id'] },
    {
      rule: 'half a surrogate pair in an id',
      clients: [{ mac: A, ip: at(9), id: 'r\ud800' }],
      violations: ['[0].id'],
    },
  ];
  it.each(byRule(bad))('refuses %s', async (_, { device, clients, violations }) => {
    const paths = violations.map((place) => `dhcp.reservedClients${place}`);
    const input = { dhcp: { reservedClients: clients } };
    await expectRefused(gateway, await createDevice(gateway, device), input, paths);
  });

  const good: Case[] = [
    { rule: 'no reservation', clients: [] },
    { rule: 'one outside the pool, as in the example of the page', clients: [{ mac: A, ip: at(11) }] },
    { rule: 'one inside the pool', clients: [{ mac: A, ip: at(150) }] },
    {
      rule: 'the first and the last host',
      clients: [
        { mac: A, ip: at(2) },
        { mac: B, ip: at(254) },
      ],
    },
    { rule: 'reservations while DHCP is off', device: OFF, clients: [{ mac: A, ip: at(9) }] },
    {
      rule: 'reservations in a section that was null',
      device: { dhcp: null },
      clients: [{ mac: A, ip: at(9) }],
    },
    {
      rule: 'any address while no subnet is known',
      device: { status: null },
      clients: [{ mac: A, ip: '1.2.3.4' }],
    },
    {
      rule: 'any address while the mask is not known',
      device: { status: { subnetMask: null } },
      clients: [{ mac: A, ip: at(1) }],
    },
    {
      rule: 'one address for several clients of which at most one is enabled',
      clients: [
        { mac: A, ip: at(9), enable: false },
        { mac: B, ip: at(9), enable: true },
        { mac: C, ip: at(9), enable: false },
      ],
    },
    ...PLACEHOLDERS.map(({ rule, status }) => ({
      rule: `any address while the device tells ${rule}`,
      device: { dhcp: null, status },
      clients: [
        { mac: A, ip: '0.0.0.0' },
        { mac: B, ip: at(1) },
        { mac: C, ip: '127.0.0.1' },
      ],
    })),
    { rule: '256 reservations', device: { status: null }, clients: many(256) },
    { rule: 'an id of 64 characters', clients: [{ mac: A, ip: at(9), id: 'x'.repeat(64) }] },
    { rule: 'an id of 64 emoji', clients: [{ mac: A, ip: at(9), id: '\u{1F680}'.repeat(64) }] },
    {
      rule: 'one id twice',
      clients: [
        { mac: A, ip: at(9), id: 'same' },
        { mac: B, ip: at(10), id: 'same' },
        { mac: C, ip: at(11), id: null },
      ],
    },
  ];
  it.each(byRule(good))('accepts %s', async (_, { device, clients }) => {
    const input = { dhcp: { reservedClients: clients } };
    const answer = await expectAccepted(gateway, await createDevice(gateway, device), input);
    expect(answer.dhcp).toMatchObject(input.dhcp);
  });
});
