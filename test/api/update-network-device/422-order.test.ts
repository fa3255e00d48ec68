import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { expectRefused, storedRow, update } from './update.js';

/** Every kind of error at once, written in an order that is not that of the schema. */
const MANY_FAULTS = {
  dhcp: {
    reservedClients: [
      { ip: '192.168.0.256', mac: 'no' },
      { id: 'x'.repeat(65), ip: '192.168.0.20', mac: 'aaaaaaaaaa01' },
      ...Array.from({ length: 8 }, (_, index) => ({
        ip: `192.168.0.${index + 30}`,
        mac: `aaaaaaaaab0${index}`,
      })),
      { ip: '192.168.0.1', mac: 'aaaaaaaaac01' },
      { id: 'a\nb', ip: '10.0.0.1', mac: 'aaaaaaaaaa01' },
    ],
    primaryDnsServer: '8.8.8',
    leaseTime: 0,
    ipPoolEnd: '10.0.0.300',
    ipPoolStart: '192.168.1.1',
  },
  wifi: {
    bandsteering: true,
    password6G: '',
    enabled6G: true,
    password5G: 'short',
    ssid5G: '',
    enabled5G: true,
    password: 'short',
    ssid: null,
    enabled: true,
  },
  macAddress: null,
  notes: '\u0000',
  name: null,
};

describe('updateNetworkDevice reports every violation at once, in the order of the input, then by index', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('lists the violations of one input field by field, reservation by reservation', async () => {
    await expectRefused(gateway, await createDevice(gateway), MANY_FAULTS, [
      'name',
      'notes',
      'macAddress',
      'wifi.ssid',
      'wifi.password',
      'wifi.ssid5G',
      'wifi.password5G',
      'wifi.ssid6G',
      'wifi.password6G',
      'wifi.bandsteering',
      'dhcp.ipPoolStart',
      'dhcp.ipPoolEnd',
      'dhcp.leaseTime',
      'dhcp.primaryDnsServer',
      'dhcp.reservedClients[0].mac',
      'dhcp.reservedClients[0].ip',
      'dhcp.reservedClients[1].id',
      'dhcp.reservedClients[10].ip',
      'dhcp.reservedClients[11].mac',
      'dhcp.reservedClients[11].ip',
      'dhcp.reservedClients[11].id',
    ]);
  });

  it('names the first of them at the top of the error', async () => {
    const device = await createDevice(gateway);
    const { errors } = await update(gateway, device, { dhcp: { leaseTime: 0 }, wifi: { ssid: '' } });
    const [first] = errors[0]?.extensions.violations ?? [];
    expect(first).toMatchObject({ path: 'wifi.ssid' });
    expect(errors[0]).toMatchObject({
      message: first?.message,
      path: ['updateNetworkDevice'],
      extensions: { code: 'INVALID_VALUE', rest: { code: 422, message: 'wifi.ssid' } },
    });
  });

  it('says where a violation is without the value', async () => {
    const device = await createDevice(gateway);
    const secret = 'TopSecret\u0000';
    const input = { name: secret, notes: secret, wifi: { ssid: secret, password: secret } };
    const { errors } = await update(gateway, device, input);
    expect(errors[0]?.extensions.violations).toHaveLength(4);
    expect(JSON.stringify(errors)).not.toContain('TopSecret');
    expect(gateway.logLines.join('')).not.toContain('TopSecret');
  });

  it('writes nothing of an input of which one value breaks a rule', async () => {
    const device = await createDevice(gateway);
    const before = await storedRow(gateway, device);
    const input = { name: 'Good', notes: 'Good', wifi: { ssid: 'Good' }, dhcp: { leaseTime: 0 } };
    await expectRefused(gateway, device, input, ['dhcp.leaseTime']);
    expect(await storedRow(gateway, device)).toBe(before);
  });
});
