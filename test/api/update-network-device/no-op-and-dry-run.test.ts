import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes, type TestDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectRefused, type Input, read, storedRow, update, updated } from './update.js';

const CLIENT = { mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'r8jf84fv' };
const WIFI = {
  enabled: true,
  ssid: 'SkyNet',
  password: 'JohnConner',
  enabled5G: true,
  ssid5G: 'Need4Speed',
  password5G: 'SarahConner',
  enabled6G: false,
  ssid6G: null,
  password6G: null,
  bandsteering: false,
};
const DHCP = {
  enable: true,
  ipPoolStart: '192.168.0.100',
  ipPoolEnd: '192.168.0.200',
  leaseTime: 10,
  primaryDnsServer: '8.8.8.8',
  reservedClients: [CLIENT],
};

interface Same {
  readonly rule: string;
  readonly device?: DeviceWishes;
  readonly input: (device: TestDevice) => Input;
}

const reserved = (...reservedClients: object[]): Input => ({ dhcp: { reservedClients } });

/** Updates that change nothing. */
const SAME: Same[] = [
  { rule: 'an empty input', input: () => ({}) },
  { rule: 'empty sections', input: () => ({ wifi: {}, dhcp: {} }) },
  {
    rule: 'every value as it is',
    input: ({ macAddress }) => ({
      name: 'Johns router',
      notes: 'Note about device',
      macAddress,
      wifi: WIFI,
      dhcp: DHCP,
    }),
  },
  { rule: 'the name with blanks around', input: () => ({ name: '  Johns router\t' }) },
  { rule: 'the name in decomposed letters', device: { name: 'Café' }, input: () => ({ name: 'Cafe\u0301' }) },
  {
    rule: 'the serial number with blanks around',
    device: { serialNumber: 'SER-1' },
    input: () => ({ serialNumber: ' SER-1 ' }),
  },
  {
    rule: 'the MVNO account in capitals',
    device: { mvnoAccount: '12345678901234567890dddd' },
    input: () => ({ mvnoAccount: '12345678901234567890DDDD' }),
  },
  {
    rule: 'the MAC address in capitals',
    input: ({ macAddress }) => ({ macAddress: macAddress.toUpperCase() }),
  },
  {
    rule: 'the MAC address with colons',
    input: ({ macAddress }) => ({ macAddress: macAddress.replaceAll(/(..)(?=.)/g, '$1:') }),
  },
  {
    rule: 'a reservation in another notation',
    input: () => reserved({ ...CLIENT, mac: '12-34-56-78-90-13' }),
  },
  {
    rule: 'a reservation without its id',
    input: () => reserved({ mac: CLIENT.mac, ip: CLIENT.ip, enable: true }),
  },
  { rule: 'a reservation without enable', input: () => reserved({ mac: CLIENT.mac, ip: CLIENT.ip }) },
  { rule: 'a password as it is', input: () => ({ wifi: { password: 'JohnConner' } }) },
  { rule: 'null for what is null', input: () => ({ wifi: { ssid6G: null, password6G: null } }) },
  {
    rule: 'null for a boolean that is false',
    input: () => ({ wifi: { enabled6G: null, bandsteering: null } }),
  },
  { rule: 'null for notes that are null', device: { notes: null }, input: () => ({ notes: null }) },
  {
    rule: 'null for an empty list',
    device: { dhcp: { reservedClients: [] } },
    input: () => ({ dhcp: { reservedClients: null } }),
  },
  {
    rule: 'null for sections that are null',
    device: { wifi: null, dhcp: null },
    input: () => ({ wifi: null, dhcp: null }),
  },
];

describe('updateNetworkDevice touches nothing when nothing changes or nothing shall be written', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(byRule(SAME))(
    'leaves version, updatedAt and the row for %s',
    async (_, { device: wishes, input }) => {
      const device = await createDevice(gateway, wishes);
      const [row, before] = [await storedRow(gateway, device), await read(gateway, device)];
      expect(await updated(gateway, device, input(device))).toEqual(before);
      expect(await updated(gateway, device, input(device), { expectedVersion: 1 })).toEqual(before);
      expect(await updated(gateway, device, input(device), { dryRun: true })).toEqual(before);
      expect(await storedRow(gateway, device)).toBe(row);
    },
  );

  it('leaves a name and a serial number alone that are sent back in a spelling that was stored before', async () => {
    const device = await createDevice(gateway);
    const set = 'UPDATE network_device SET name = $2, serial_number = $3 WHERE id = $1';
    await gateway.sql.query(set, [device.id, 'Cafe\u0301', ' SÉR ']);
    const row = await storedRow(gateway, device);
    const { name, serialNumber } = await read(gateway, device);
    await updated(gateway, device, { name, serialNumber });
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('moves updatedAt forward with an effective change, and only then', async () => {
    const device = await createDevice(gateway);
    const before = Date.parse('2025-01-01T00:00:00.000Z');
    await gateway.sql.query('UPDATE network_device SET updated_at = $2 WHERE id = $1', [
      device.id,
      new Date(before),
    ]);
    const changed = await updated(gateway, device, { notes: 'Changed' });
    expect(Date.parse(changed.updatedAt)).toBeGreaterThan(before);
    expect(await updated(gateway, device, { notes: 'Changed' })).toEqual(changed);
  });

  const changes: { rule: string; input: Input }[] = [
    { rule: 'a name', input: { name: ' Renamed ' } },
    { rule: 'a password', input: { wifi: { password: 'SarahConner' } } },
    { rule: 'a section that is dropped', input: { wifi: null } },
    { rule: 'a list', input: reserved({ mac: 'aa:aa:aa:aa:aa:01', ip: '192.168.0.11' }, CLIENT) },
    {
      rule: 'everything',
      input: { name: 'Renamed', notes: null, wifi: { ssid: 'x' }, dhcp: { leaseTime: 11 } },
    },
  ];
  it.each(byRule(changes))(
    'shows in a dry run what an update of %s will be, and writes nothing',
    async (_, { input }) => {
      const device = await createDevice(gateway);
      const row = await storedRow(gateway, device);
      const { updatedAt: _tried, ...tried } = await updated(gateway, device, input, { dryRun: true });
      expect(await storedRow(gateway, device)).toBe(row);
      expect(tried.version).toBe(2);
      const { updatedAt: _written, ...written } = await updated(gateway, device, input);
      expect(tried).toEqual(written);
    },
  );

  it('reports violations in a dry run', async () => {
    const device = await createDevice(gateway);
    const input = { name: '', dhcp: { leaseTime: 0 } };
    await expectRefused(gateway, device, input, ['name', 'dhcp.leaseTime'], { dryRun: true });
  });

  it('reports a MAC address that is in use in a dry run', async () => {
    const [device, other] = [await createDevice(gateway), await createDevice(gateway)];
    const row = await storedRow(gateway, device);
    const { errors } = await update(gateway, device, { macAddress: other.macAddress }, { dryRun: true });
    expect(errors[0]?.extensions).toMatchObject({
      code: 'MAC_ADDRESS_IN_USE',
      rest: { code: 422, message: 'macAddress' },
    });
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('reports a version conflict in a dry run', async () => {
    const device = await createDevice(gateway);
    const options = { dryRun: true, expectedVersion: 7 };
    const { device: answer, errors } = await update(gateway, device, { name: 'x' }, options);
    expect(answer).toBeNull();
    expect(errors[0]?.extensions).toMatchObject({
      code: 'VERSION_CONFLICT',
      rest: { code: 409, message: 'version' },
      currentVersion: 1,
    });
  });

  const deleting: { rule: string; input: Input; dryRun: boolean }[] = [
    { rule: 'an update', input: { name: 'Renamed' }, dryRun: false },
    { rule: 'a dry run', input: { name: 'Renamed' }, dryRun: true },
    { rule: 'an update that would change nothing', input: {}, dryRun: false },
    { rule: 'an update with violations', input: { name: '' }, dryRun: false },
  ];
  it.each(byRule(deleting))('refuses %s of a device that is being deleted', async (_, { input, dryRun }) => {
    const device = await createDevice(gateway, { state: 'DELETING' });
    const row = await storedRow(gateway, device);
    const { device: answer, errors } = await update(gateway, device, input, { dryRun });
    expect(answer).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions).toMatchObject({
      code: 'DEVICE_DELETING',
      rest: { code: 409, message: 'state' },
      deviceId: device.id,
      retryable: false,
    });
    expect(errors[0]?.extensions.violations).toBeUndefined();
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('takes null for expectedVersion and dryRun as if they were absent', async () => {
    const device = await createDevice(gateway);
    const options = { expectedVersion: null, dryRun: null };
    expect(await updated(gateway, device, { name: 'Renamed' }, options)).toMatchObject({ version: 2 });
    expect(await read(gateway, device)).toMatchObject({ name: 'Renamed', version: 2 });
  });

  it('writes with dryRun false', async () => {
    const device = await createDevice(gateway);
    await updated(gateway, device, { name: 'Renamed' }, { dryRun: false });
    expect(await read(gateway, device)).toMatchObject({ name: 'Renamed', version: 2 });
  });
});
