import { describe, expect, it } from 'vitest';
import type { Device } from '../../src/domain/device.js';
import { DHCP_DEFAULTS } from '../../src/domain/dhcp.js';
import { applyPatch } from '../../src/domain/device-patch.js';
import { WIFI_DEFAULTS } from '../../src/domain/wifi.js';
import { GatewayError } from '../../src/errors/gateway-error.js';
import { toDevicePatch } from '../../src/domain/device-input.js';
import { fromPage, toPage } from '../../src/rest/device-page-format.js';

/** The "Property" column of the page's response, in its order. */
const RESPONSE_TABLE =
  `_id state name model modelType modelBrand modelDescription modelPicture customer macAddress
  serialNumber mvnoAccount jobs notes
  wifi wifi.enabled wifi.ssid wifi.password wifi.enabled5G wifi.ssid5G wifi.password5G wifi.enabled6G wifi.ssid6G
  wifi.password6G wifi.bandsteering
  dhcp dhcp.enable dhcp.ipPoolStart dhcp.ipPoolEnd dhcp.leaseTime dhcp.primaryDnsServer dhcp.reservedClients[]
  dhcp.reservedClients[].mac dhcp.reservedClients[].ip dhcp.reservedClients[].enable dhcp.reservedClients[].id
  status status.provisioned status.lastComm status.online status.lanIp status.subnetMask status.gateway status.wanIp
  status.publicIp status.upTime status.dns status.dns2 status.ipv6 status.ipv6Dns status.ipv6Dns2 status.simStatus
  status.networkType status.signalStrength status.ssSingnalStrength status.uplinkRate status.downlinkRate
  status.connectionTime`.split(/\s+/);

/** The "Property" column of the page's request. */
const REQUEST_TABLE = RESPONSE_TABLE.filter((name) => /^(name|notes|wifi|dhcp)\b/.test(name));

/** A device of which no two values are alike, so that one in the wrong place shows. */
const DEVICE: Device = {
  id: 'id',
  version: 7,
  state: 'ACTIVE',
  name: 'name',
  notes: 'notes',
  macAddress: 'macAddress',
  serialNumber: 'serialNumber',
  mvnoAccount: 'mvnoAccount',
  jobs: 3,
  hasRunningJob: true,
  hasOpenRemoval: false,
  isGivenUp: false,
  createdAt: new Date(1),
  updatedAt: new Date(2),
  model: {
    id: 'model',
    name: 'model name',
    type: 'ROUTER',
    brand: 'modelBrand',
    description: 'modelDescription',
    picture: 'modelPicture',
    capabilities: { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: true },
  },
  customer: { id: 'customer', name: 'customer name', ancestorIds: ['ancestor', 'customer'] },
  wifi: {
    enabled: true,
    ssid: 'wifi.ssid',
    password: 'wifi.password',
    enabled5G: true,
    ssid5G: 'wifi.ssid5G',
    password5G: 'wifi.password5G',
    enabled6G: true,
    ssid6G: 'wifi.ssid6G',
    password6G: 'wifi.password6G',
    bandsteering: true,
  },
  dhcp: {
    enable: true,
    ipPoolStart: 'dhcp.ipPoolStart',
    ipPoolEnd: 'dhcp.ipPoolEnd',
    leaseTime: 11,
    primaryDnsServer: 'dhcp.primaryDnsServer',
    reservedClients: [{ mac: 'mac', ip: 'ip', enable: false, id: 'id' }],
  },
  status: {
    provisioned: true,
    lastComm: new Date(0),
    online: false,
    lanIp: 'status.lanIp',
    subnetMask: 'status.subnetMask',
    gateway: 'status.gateway',
    wanIp: 'status.wanIp',
    publicIp: 'status.publicIp',
    upTimeSeconds: 21,
    dns: 'status.dns',
    dns2: 'status.dns2',
    ipv6: 'status.ipv6',
    ipv6Dns: 'status.ipv6Dns',
    ipv6Dns2: 'status.ipv6Dns2',
    simStatusCode: 'status.simStatus',
    networkTypeCode: 'status.networkType',
    signalStrength: 22,
    ssSignalStrength: 23,
    uplinkRateKbps: 24,
    downlinkRateKbps: 25,
    connectionSeconds: 26,
  },
};

/** What stands in a JSON value, by dotted path and in its order. */
function entriesOf(value: unknown, at = ''): [string, unknown][] {
  if (Array.isArray(value))
    return [[`${at}[]`, value], ...value.flatMap((item) => entriesOf(item, `${at}[]`).slice(1))];
  const own: [string, unknown] = [at, value];
  if (typeof value !== 'object' || value === null) return [own];
  const inner = Object.entries(value).flatMap(([name, item]) =>
    entriesOf(item, at === '' ? name : `${at}.${name}`),
  );
  return at === '' ? inner : [own, ...inner];
}

const printed: unknown = JSON.parse(JSON.stringify(toPage(DEVICE)));

describe('a device on the page', () => {
  it("has every property of the page's table, in the order of its example, and no other", () => {
    expect(entriesOf(printed).map(([path]) => path)).toEqual(RESPONSE_TABLE);
  });

  it('has every text at its own place', () => {
    const texts = entriesOf(printed).filter(([, value]) => typeof value === 'string');
    const elsewhere = {
      _id: 'id',
      state: 'ACTIVE',
      modelType: 'ROUTER',
      'status.lastComm': '1970-01-01T00:00:00.000Z',
    };
    const expected = new Map<string, string>(Object.entries(elsewhere));
    for (const [path, value] of texts)
      expect(value, path).toBe(expected.get(path) ?? path.replace('dhcp.reservedClients[].', ''));
  });

  it('has every number at its own place', () => {
    expect(entriesOf(printed).filter(([, value]) => typeof value === 'number')).toEqual([
      ['jobs', 3],
      ['dhcp.leaseTime', 11],
      ['status.upTime', 21],
      ['status.signalStrength', 22],
      ['status.ssSingnalStrength', 23],
      ['status.uplinkRate', 24],
      ['status.downlinkRate', 25],
      ['status.connectionTime', 26],
    ]);
  });

  it.each(['enabled', 'enabled5G', 'enabled6G', 'bandsteering'] as const)(
    'has wifi.%s at its own place',
    (field) => {
      const wifi = { ...WIFI_DEFAULTS, [field]: true };
      expect(toPage({ ...DEVICE, wifi }).wifi).toEqual(wifi);
    },
  );

  it('has null where there is nothing, and never an absent property', () => {
    const bare = {
      ...DEVICE,
      notes: null,
      serialNumber: null,
      mvnoAccount: null,
      wifi: null,
      dhcp: null,
      status: null,
    };
    expect(JSON.parse(JSON.stringify(toPage(bare)))).toMatchObject({
      notes: null,
      serialNumber: null,
      mvnoAccount: null,
      wifi: null,
      dhcp: null,
      status: null,
    });
  });
});

/** `a.b[].c` and a value → `{ a: { b: [{ c: value }] } }` */
function nest(path: string, value: unknown): unknown {
  return path
    .replaceAll('[]', '.[]')
    .split('.')
    .reduceRight((inner, name) => (name === '[]' ? [inner] : { [name]: inner }), value);
}

describe('a request on the page', () => {
  it("understands every property of the page's request table", () => {
    for (const path of REQUEST_TABLE) expect(() => fromPage(nest(path, valueAt(path))), path).not.toThrow();
  });

  it('understands every property that the page prints', () => {
    for (const path of RESPONSE_TABLE) expect(() => fromPage(nest(path, valueAt(path))), path).not.toThrow();
  });

  it('posted back whole asks for what is there: every setting of the domain, and nothing else', () => {
    const { name, notes, macAddress, wifi, dhcp } = DEVICE;
    expect(fromPage(printed)).toEqual({ name, notes, macAddress, wifi, dhcp });
    const readOnly = { serialNumber: null, mvnoAccount: null };
    const blank = { ...readOnly, name: '', notes: null, macAddress: '', wifi: null, dhcp: null };
    const settings = { ...readOnly, name, notes, macAddress, wifi, dhcp };
    expect(applyPatch(blank, toDevicePatch(fromPage(printed)))).toEqual(settings);
  });

  it('has no wish that was not sent', () => {
    expect(Object.keys(fromPage({}))).toEqual([]);
    expect(Object.keys(fromPage({ _id: 'x', status: null }))).toEqual([]);
    expect(fromPage({ notes: null, wifi: {}, dhcp: {} })).toStrictEqual({ notes: null, wifi: {}, dhcp: {} });
  });

  it.each([
    ...Object.keys(WIFI_DEFAULTS).map((field) => `wifi.${field}`),
    ...Object.keys(DHCP_DEFAULTS).map((field) => `dhcp.${field}`),
    'name',
    'notes',
    'macAddress',
    'wifi',
    'dhcp',
  ])('clears %s with null', (path) => {
    expect(fromPage(nest(path, null))).toStrictEqual(nest(path, null));
  });

  it('reports every property that is wrong, the known ones in the order of the settings, then the unknown ones', () => {
    const body = { z: 1, dhcp: { leaseTime: 'x', b: 1 }, wifi: { ssid: 5 }, name: 5, a: 1 };
    const error = errorOf(body);
    expect(error).toMatchObject({ code: 'INVALID_VALUE', facts: { restMessage: 'name' } });
    expect(error.facts.violations?.map(({ path }) => path)).toEqual([
      'name',
      'wifi.ssid',
      'dhcp.leaseTime',
      'dhcp.b',
      'z',
      'a',
    ]);
    for (const violation of error.facts.violations ?? []) expect(violation.message).toMatch(/^[A-Zt].*\.$/);
  });

  it.each([null, undefined, [], 'x', 5, true, [{}]])('%j is no request', (body) => {
    expect(errorOf(body).code).toBe('BAD_REQUEST');
  });
});

function errorOf(body: unknown): GatewayError {
  try {
    fromPage(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('There is no fault.');
}

function valueAt(path: string): unknown {
  const value = new Map(entriesOf(printed)).get(path);
  // nest() puts the list around it.
  return path.endsWith('[]') && Array.isArray(value) ? value[0] : value;
}
