import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes, type TestDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused, type Input } from './update.js';

const ON_DEVICE = { table: 'network_device', key: 'id = $1' };
const ON_STATUS = { table: 'device_status', key: 'device_id = $1' };
const ON_MODEL = {
  table: 'device_model',
  key: 'id = (SELECT model_id FROM network_device WHERE id = $1)',
};

/** How a device that was in order comes to break a rule without an update. */
const OLDER_FAULTS = [
  { rule: 'moved to another subnet', ...ON_STATUS, change: "lan_ip = '10.0.0.1'" },
  { rule: 'moved into its own pool', ...ON_STATUS, change: "lan_ip = '192.168.0.150'" },
  { rule: 'moved to a reserved address', ...ON_STATUS, change: "lan_ip = '192.168.0.10'" },
  { rule: 'of a model that lost 5 GHz', ...ON_MODEL, change: 'wifi_5g = false' },
  { rule: 'of a model that lost WiFi', ...ON_MODEL, change: 'wifi = false' },
  { rule: 'with steered bands that differ', ...ON_DEVICE, change: 'wifi_bandsteering = true' },
  { rule: 'with a control character in its name', ...ON_DEVICE, change: "name = E'Johns\\x07router'" },
  { rule: 'with a control character in an SSID', ...ON_DEVICE, change: "wifi_ssid = E'Sky\\x07Net'" },
  {
    rule: 'with a multicast address of its own',
    ...ON_DEVICE,
    change: "mac_address = '03' || substr(id, 15)",
  },
  {
    rule: 'with a name that does not show',
    ...ON_DEVICE,
    change: "name = U&'\\200B'",
  },
  {
    rule: 'with a reservation for a multicast address',
    ...ON_DEVICE,
    change: `dhcp_reserved_clients = dhcp_reserved_clients ||
      '[{"mac":"01005e0000fb","ip":"192.168.0.11","enable":true,"id":null}]'`,
  },
  {
    rule: 'with two enabled reservations for one address',
    ...ON_DEVICE,
    change: `dhcp_reserved_clients = dhcp_reserved_clients ||
      '[{"mac":"123456789015","ip":"192.168.0.10","enable":true,"id":null}]'`,
  },
  {
    rule: 'with two reservations for one client',
    ...ON_DEVICE,
    change: `dhcp_reserved_clients = dhcp_reserved_clients ||
      '[{"mac":"123456789013","ip":"192.168.0.11","enable":true,"id":null}]'`,
  },
] as const;

type OlderViolation = (typeof OLDER_FAULTS)[number]['rule'];

const OLD = { mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'r8jf84fv' };
const TWIN = { mac: '123456789013', ip: '192.168.0.11', enable: true, id: null };

interface Case {
  readonly rule: string;
  readonly on: OlderViolation;
  readonly input: Input;
}

/** The case under a name that also says what is wrong with the device. */
function onDevice<T extends Case>(cases: readonly T[]): [string, T][] {
  return byRule(cases.map((row) => ({ ...row, rule: `${row.rule}, on a device ${row.on}` })));
}

describe('updateNetworkDevice: a violation counts only when a value that it involves changes', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function createInvalid(rule: OlderViolation, wishes?: DeviceWishes): Promise<TestDevice> {
    const device = await createDevice(gateway, wishes);
    for (const { table, key, change } of OLDER_FAULTS.filter((violation) => violation.rule === rule)) {
      const { rowCount } = await gateway.sql.query(`UPDATE ${table} SET ${change} WHERE ${key}`, [device.id]);
      expect(rowCount).toBe(1);
    }
    return device;
  }

  it.each(byRule(OLDER_FAULTS))('renames a device %s', async (_, { rule }) => {
    await expectAccepted(gateway, await createInvalid(rule), { name: 'Renamed' });
  });

  it.each(byRule(OLDER_FAULTS))(
    'changes values that have nothing to do with it on a device %s',
    async (_, { rule }) => {
      const input = {
        notes: 'Changed',
        wifi: { password: 'ChangedToo' },
        dhcp: { leaseTime: 99, primaryDnsServer: '9.9.9.9' },
      };
      const isAboutPasswords = rule === 'with steered bands that differ';
      await expectAccepted(gateway, await createInvalid(rule), {
        ...input,
        wifi: isAboutPasswords ? { ssid6G: 'Unused' } : input.wifi,
      });
    },
  );

  const unrelated: Case[] = [
    {
      rule: 'the pool sent back as it is, with a new lease',
      on: 'moved to another subnet',
      input: { dhcp: { ipPoolStart: '192.168.0.100', ipPoolEnd: '192.168.0.200', leaseTime: 11 } },
    },
    {
      rule: 'a reservation switched off',
      on: 'moved to another subnet',
      input: { dhcp: { reservedClients: [{ ...OLD, enable: false }] } },
    },
    {
      rule: 'a good reservation in front of the old one',
      on: 'moved to another subnet',
      input: { dhcp: { reservedClients: [{ mac: 'aaaaaaaaaa01', ip: '10.0.0.9' }, OLD] } },
    },
    {
      rule: 'the reservations dropped',
      on: 'moved to another subnet',
      input: { dhcp: { reservedClients: [] } },
    },
    { rule: 'the section dropped', on: 'moved to another subnet', input: { dhcp: null } },
    {
      rule: 'a pool that fits again',
      on: 'moved to another subnet',
      input: { dhcp: { ipPoolStart: '10.0.0.10', ipPoolEnd: '10.0.0.20' } },
    },
    {
      rule: 'another SSID of that band',
      on: 'of a model that lost 5 GHz',
      input: { wifi: { ssid5G: 'Other' } },
    },
    {
      rule: 'that band switched off',
      on: 'of a model that lost 5 GHz',
      input: { wifi: { enabled5G: false } },
    },
    {
      rule: 'another band switched off',
      on: 'of a model that lost WiFi',
      input: { wifi: { enabled: false } },
    },
    {
      rule: 'the end of steering',
      on: 'with steered bands that differ',
      input: { wifi: { bandsteering: false } },
    },
    {
      rule: 'a client switched off',
      on: 'with two reservations for one client',
      input: { dhcp: { reservedClients: [{ ...OLD, enable: false }, TWIN] } },
    },
    {
      rule: 'a third client',
      on: 'with two reservations for one client',
      input: { dhcp: { reservedClients: [OLD, TWIN, { mac: 'aaaaaaaaaa01', ip: '192.168.0.12' }] } },
    },
  ];
  it.each(onDevice(unrelated))('accepts %s', async (_, { on, input }) => {
    await expectAccepted(gateway, await createInvalid(on), input);
  });

  const related: (Case & { at: string[] })[] = [
    {
      rule: 'another pool start that is outside too, but not the end, which stays',
      on: 'moved to another subnet',
      input: { dhcp: { ipPoolStart: '192.168.0.101' } },
      at: ['dhcp.ipPoolStart'],
    },
    {
      rule: 'another pool end that is outside too, but not the start, which stays',
      on: 'moved to another subnet',
      input: { dhcp: { ipPoolEnd: '192.168.0.199' } },
      at: ['dhcp.ipPoolEnd'],
    },
    {
      rule: 'another address for the reserved client that is outside too',
      on: 'moved to another subnet',
      input: { dhcp: { reservedClients: [{ ...OLD, ip: '192.168.0.12' }] } },
      at: ['dhcp.reservedClients[0].ip'],
    },
    {
      rule: 'a bad reservation beside the old one, and only that',
      on: 'moved to another subnet',
      input: { dhcp: { reservedClients: [OLD, { mac: 'aaaaaaaaaa01', ip: '192.168.0.12' }] } },
      at: ['dhcp.reservedClients[1].ip'],
    },
    {
      rule: 'another pool end, the start being where the fault is shown',
      on: 'moved into its own pool',
      input: { dhcp: { ipPoolEnd: '192.168.0.199' } },
      at: ['dhcp.ipPoolStart'],
    },
    {
      rule: 'another band switched on',
      on: 'of a model that lost WiFi',
      input: { wifi: { enabled6G: true, ssid6G: 'SkyNet', password6G: 'JohnConner' } },
      at: ['wifi.enabled6G'],
    },
    {
      rule: 'another SSID of a steered band',
      on: 'with steered bands that differ',
      input: { wifi: { ssid: 'Other' } },
      at: ['wifi.bandsteering'],
    },
    {
      rule: 'another password of a steered band',
      on: 'with steered bands that differ',
      input: { wifi: { password5G: 'Terminator' } },
      at: ['wifi.bandsteering'],
    },
    {
      rule: 'another name with a control character',
      on: 'with a control character in its name',
      input: { name: 'Still\u0007bad' },
      at: ['name'],
    },
    {
      rule: 'another MAC address of the first, which now is the twin of a third',
      on: 'with two reservations for one client',
      input: {
        dhcp: { reservedClients: [OLD, TWIN, { mac: '123456789013', ip: '192.168.0.12' }] },
      },
      at: ['dhcp.reservedClients[2].mac'],
    },
  ];
  it.each(onDevice(related))('refuses %s', async (_, { on, input, at }) => {
    await expectRefused(gateway, await createInvalid(on), input, at);
  });

  it('refuses to switch a band on again that the model lost since', async () => {
    const device = await createInvalid('of a model that lost 5 GHz', { wifi: { enabled5G: false } });
    await expectRefused(gateway, device, { wifi: { enabled5G: true } }, ['wifi.enabled5G']);
  });
});
