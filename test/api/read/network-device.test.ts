import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { listWith, textLike } from '../../support/matchers.js';

const DEVICE = '12345678901234567890abcd';
const CUSTOMER = '12345678901234567890cccc';

const QUERY = `query ($id: ID!) { networkDevice(id: $id) {
  id version state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
  model { id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport } }
  customer { id name }
  wifi { enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable id reservationId } }
  status {
    provisioned lastComm online lanIp subnetMask gateway wanIp publicIp upTime dns dns2 ipv6 ipv6Dns ipv6Dns2
    simStatus simStatusCode networkType networkTypes networkTypeCode
    signalStrength ssSignalStrength ssSingnalStrength uplinkRate downlinkRate connectionTime
  }
} }`;

/** The page's printed example, its missing comma and 23-digit id repaired, names as in section 5. */
const PAGE_EXAMPLE = {
  id: DEVICE,
  state: 'ACTIVE',
  name: 'Johns router',
  notes: 'Note about device',
  jobs: 0,
  macAddress: '123456789012',
  serialNumber: '484t563tyehfcu38hcnb4',
  mvnoAccount: '12345678901234567890dddd',
  model: {
    id: '12345678901234567890aaaa',
    type: 'ROUTER',
    brand: 'TP-LINK',
    description: '5G router with 2.4/5GHz wifi and 3 ethernet ports',
    picture: '12345678901234567890bbbb',
  },
  customer: { id: CUSTOMER },
  wifi: {
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
  },
  dhcp: {
    enable: true,
    ipPoolStart: '192.168.0.100',
    ipPoolEnd: '192.168.0.200',
    leaseTime: 10,
    primaryDnsServer: '8.8.8.8',
    reservedClients: [
      { mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'r8jf84fv', reservationId: 'r8jf84fv' },
    ],
  },
  status: {
    provisioned: true,
    lastComm: '2025-01-01T00:00:00.000Z',
    online: true,
    lanIp: '192.168.0.1',
    subnetMask: '255.255.255.0',
    gateway: '100.64.0.1',
    wanIp: '100.64.0.123',
    publicIp: '62.192.163.232',
    upTime: 123_456,
    dns: '8.8.8.8',
    dns2: '1.1.1.1',
    // Empty texts read as null.
    ipv6: null,
    ipv6Dns: null,
    ipv6Dns2: null,
    simStatus: 'READY',
    simStatusCode: '1',
    networkType: 'NR',
    networkTypes: ['NR'],
    networkTypeCode: '32',
    signalStrength: 0,
    ssSignalStrength: 50,
    ssSingnalStrength: 50,
    uplinkRate: 1234,
    downlinkRate: 5432,
    connectionTime: 1_234_567,
  },
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const demo = new URL('../../../prisma/demo-fleet.json', import.meta.url);
  await gateway.importFleet(JSON.parse(await readFile(demo, 'utf8')));
});
afterAll(async () => {
  await gateway.stop();
});

async function read(id: string, customer = CUSTOMER) {
  const token = await gateway.token('MANAGER', customer);
  return await gateway.query(QUERY, { token, variables: { id } });
}

describe('networkDevice returns a device as it is stored, in the words of the schema', () => {
  it('the demo device is the example of the page, value for value', async () => {
    const { data, errors } = await read(DEVICE);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: PAGE_EXAMPLE });
    expect(data).toMatchObject({
      networkDevice: {
        version: 1,
        createdAt: textLike(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        updatedAt: textLike(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    });
  });

  it('an id is accepted in any case and returned in lower case', async () => {
    const { data } = await read(DEVICE.toUpperCase());
    expect(data).toMatchObject({ networkDevice: { id: DEVICE } });
  });

  it('sections that are not used are null', async () => {
    const device = await createDevice(gateway, { wifi: null, dhcp: null });
    const { data, errors } = await read(device.id, device.customer);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: { wifi: null, dhcp: null } });
  });
});

describe('status codes of the page read as enums; one that nobody knows is null, never an error', () => {
  const ALL = ['GSM', 'WCDMA', 'LTE', 'LTE_PLUS', 'NR'];
  it.each([
    ['1', 'NONE', ['NONE']],
    ['2', 'GSM', ['GSM']],
    ['4', 'WCDMA', ['WCDMA']],
    ['8', 'LTE', ['LTE']],
    ['16', 'LTE_PLUS', ['LTE_PLUS']],
    ['32', 'NR', ['NR']],
    ['40', 'NR', ['LTE', 'NR']],
    ['62', 'NR', ALL],
    ['72', 'LTE', ['LTE']],
  ])('network type %s is %s', async (networkTypeCode, networkType, networkTypes) => {
    const device = await createDevice(gateway, { status: { networkType: networkTypeCode } });
    const { data, errors } = await read(device.id, device.customer);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: { status: { networkType, networkTypeCode, networkTypes } } });
  });

  it.each(['64', '0', 'LTE', '-8', '', '8.5'])('network type %j is unknown', async (code) => {
    const device = await createDevice(gateway);
    await gateway.sql.query('UPDATE device_status SET network_type_code = $2 WHERE device_id = $1', [
      device.id,
      code,
    ]);
    const { data, errors } = await read(device.id, device.customer);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: { status: { networkType: null, networkTypeCode: code } } });
  });

  const SIM = ['READY', 'PIN_VERIFIED', 'PIN_LOCK', 'PUK_LOCK', 'BLOCKED', 'NO_SIM', 'UNKNOWN'];
  it.each(SIM.map((name, index) => [String(index + 1), name]))('SIM status %s is %s', async (code, name) => {
    const device = await createDevice(gateway, { status: { simStatus: code } });
    const { data, errors } = await read(device.id, device.customer);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: { status: { simStatus: name, simStatusCode: code } } });
  });

  it.each(['8', '0', 'READY', ' 1'])('SIM status %j is unknown', async (code) => {
    const device = await createDevice(gateway);
    await gateway.sql.query('UPDATE device_status SET sim_status_code = $2 WHERE device_id = $1', [
      device.id,
      code,
    ]);
    const { data, errors } = await read(device.id, device.customer);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ networkDevice: { status: { simStatus: null, simStatusCode: code } } });
  });
});

describe('the misspelling of the page', () => {
  it('stays as a deprecated twin of ssSignalStrength', async () => {
    const { data } = await gateway.query(
      '{ __type(name: "DeviceStatus") { fields(includeDeprecated: true) { name isDeprecated } } }',
    );
    expect(data).toMatchObject({
      __type: {
        fields: listWith([
          { name: 'ssSingnalStrength', isDeprecated: true },
          { name: 'ssSignalStrength', isDeprecated: false },
        ]),
      },
    });
  });
});
