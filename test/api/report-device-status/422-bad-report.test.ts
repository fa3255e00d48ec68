import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { changesOf, type Report, report, storedStatus } from './report.js';

const IPV4_FIELDS = ['lanIp', 'subnetMask', 'gateway', 'wanIp', 'publicIp', 'dns', 'dns2'];
const NO_IPV4 = [
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.4/24',
  ' 1.2.3.4',
  '1.2.3.4\n',
  '::1',
  'x',
];
const IPV6_FIELDS = ['ipv6', 'ipv6Dns', 'ipv6Dns2'];
const NO_IPV6 = [
  '1.2.3.4',
  ':',
  '1::2::3',
  '2001:db8::g',
  '2001:db8::/32',
  'fe80::1%eth0',
  ' ::1',
  '[::1]',
  '12345::',
];
const COUNTS = ['upTime', 'uplinkRate', 'downlinkRate', 'connectionTime'];
const STRENGTHS = ['signalStrength', 'ssSignalStrength'];
const CODES = ['simStatus', 'networkType'];
const NO_CODES = ['x'.repeat(65), '\u0000', 'a\u0000b', '\n', '\u0085', '\ud800', '1\u007f'];
const NO_MOMENTS = [
  'now',
  ' ',
  '2025-01-01',
  '2025-01-01T00:00:00',
  '2025-01-01 00:00:00Z',
  '2025-02-30T00:00:00Z',
  '2025-13-01T00:00:00Z',
  '2025-00-01T00:00:00Z',
  '2027-02-29T00:00:00Z',
  '2025-01-01T24:00:00Z',
  '2025-01-01T00:60:00Z',
  '2016-12-31T23:59:60Z',
  '2025-01-01T00:00:00+24:00',
  '2025-01-01T00:00:00+0100',
  '2025-01-01T00:00:00.Z',
  '0000-12-31T00:00:00Z',
  '0001-01-01T00:00:00+00:01',
  '9999-12-31T23:59:59-00:01',
  '+012025-01-01T00:00:00Z',
  '1735689600',
  '2025-01-01T00:00:00Z\u0000',
];

const each = (fields: readonly string[], values: readonly unknown[]): [string, unknown][] =>
  fields.flatMap((field) => values.map((value): [string, unknown] => [field, value]));

describe('reportDeviceStatus: a bad report is null at its place with its own error, the others stand', () => {
  let gateway: TestGateway;
  let bad: TestDevice;
  let good: TestDevice;
  beforeAll(async () => {
    gateway = await sharedGateway();
    [bad, good] = [await createDevice(gateway), await createDevice(gateway)];
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ...each(IPV4_FIELDS, NO_IPV4),
    ...each(IPV6_FIELDS, NO_IPV6),
    ...each(COUNTS, [-1, -2_147_483_648]),
    ...each(STRENGTHS, [-1, 101]),
    ...each(CODES, NO_CODES),
    ...each(['lastComm'], NO_MOMENTS),
  ])('%s: %j', async (field, value) => {
    const before = await storedStatus(gateway, bad);
    const changes = await changesOf(gateway, good);
    const { devices, errors } = await report(gateway, [
      { device: good.id, upTime: 1 },
      { device: bad.id, online: false, [field]: value },
      { device: good.id, uplinkRate: 2 },
    ]);
    const path = `reports[1].${field}`;
    expect(devices).toMatchObject([
      { id: good.id, status: { upTime: 1, uplinkRate: 2 } },
      null,
      { id: good.id, status: { upTime: 1, uplinkRate: 2 } },
    ]);
    expect(errors).toMatchObject([
      {
        path: ['reportDeviceStatus', 1],
        extensions: {
          code: 'INVALID_VALUE',
          rest: { code: 422, message: path },
          violations: [{ path, code: 'INVALID_VALUE', rest: { code: 422, message: path } }],
          deviceId: bad.id,
          retryable: false,
        },
      },
    ]);
    expect(await storedStatus(gateway, bad)).toBe(before);
    expect([await changesOf(gateway, bad), await changesOf(gateway, good)]).toEqual([0, changes + 1]);
  });

  it('a moment ahead of our clock is bad from 5 minutes on', async () => {
    const { id } = await createDevice(gateway);
    const inMinutes = (minutes: number): string => new Date(Date.now() + 60_000 * minutes).toISOString();
    for (const lastComm of [inMinutes(6), inMinutes(525_600), '9999-12-31T23:59:59Z']) {
      const { devices, errors } = await report(gateway, [{ device: id, lastComm }]);
      expect(devices).toEqual([null]);
      expect(errors).toMatchObject([
        { extensions: { code: 'INVALID_VALUE', rest: { message: 'reports[0].lastComm' }, deviceId: id } },
      ]);
      expect(errors[0]?.extensions.violations).toHaveLength(1);
    }
    const lastComm = inMinutes(4);
    expect((await report(gateway, [{ device: id, lastComm }])).devices).toMatchObject([
      { status: { lastComm } },
    ]);
  });

  it('reports every violation of a report, in the order of the fields, and every bad report', async () => {
    const { id: device } = await createDevice(gateway);
    const missing = newId();
    const { devices, errors } = await report(gateway, [
      { connectionTime: -1, simStatus: '\n', dns2: 'x', device, lastComm: 'x', ipv6: 'x', online: null },
      { device, upTime: 1 },
      { device: missing.toUpperCase(), upTime: -1 },
      { device: 'no-id', upTime: -1 },
    ]);
    expect(devices).toMatchObject([null, { id: device }, null, null]);
    const told = errors.map(({ path, message, extensions }) => ({
      path,
      paths: extensions.violations?.map((violation) => violation.path),
      isFirst: message === extensions.violations?.[0]?.message,
      deviceId: extensions.deviceId,
    }));
    expect(told).toEqual([
      {
        path: ['reportDeviceStatus', 0],
        paths: ['lastComm', 'dns2', 'ipv6', 'simStatus', 'connectionTime'].map(
          (field) => `reports[0].${field}`,
        ),
        isFirst: true,
        deviceId: device,
      },
      { path: ['reportDeviceStatus', 2], paths: ['reports[2].upTime'], isFirst: true, deviceId: missing },
      { path: ['reportDeviceStatus', 3], paths: ['reports[3].upTime'], isFirst: true, deviceId: 'no-id' },
    ]);
  });

  it('needs no database for a call in which no report is good', async () => {
    const { id: device } = await createDevice(gateway);
    const { devices, errors } = await report(gateway, [{ device, upTime: -1 }]);
    expect(devices).toEqual([null]);
    expect(errors).toHaveLength(1);
  });

  it('repeats no value that was sent, in the answer or in the log', async () => {
    const canary = 'Zq7canaryW9';
    const { id: device } = await createDevice(gateway);
    const texts = [...IPV4_FIELDS, ...IPV6_FIELDS, ...CODES, 'lastComm'];
    const values: Report = Object.fromEntries(texts.map((field) => [field, `${canary}\u0000`]));
    const { errors } = await report(gateway, [{ device, ...values, upTime: -918_273_645 }]);
    expect(errors[0]?.extensions.violations).toHaveLength(texts.length + 1);
    expect(JSON.stringify(errors)).not.toMatch(/Zq7canaryW9|918273645/);
    expect(gateway.logLines.join('')).not.toMatch(/Zq7canaryW9|918273645/);
    expect(gateway.logLines.join('')).toContain(device);
  });
});
