import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { inputPaths } from '../update-network-device/input-fields.js';
import { read, report, reported, storedStatus } from './report.js';

/** Two values for every field, to be told apart: the first is there before, the second is reported. */
const SAMPLES: Readonly<Record<string, readonly [unknown, unknown]>> = {
  lastComm: ['2025-03-01T00:00:00.000Z', '2025-03-02T10:20:30.456Z'],
  online: [true, false],
  lanIp: ['192.168.0.1', '192.168.1.1'],
  subnetMask: ['255.255.255.0', '255.255.0.0'],
  gateway: ['100.64.0.1', '100.64.0.2'],
  wanIp: ['100.64.0.123', '100.64.0.124'],
  publicIp: ['62.192.163.232', '62.192.163.233'],
  upTime: [123_456, 2_147_483_647],
  dns: ['8.8.8.8', '9.9.9.9'],
  dns2: ['1.1.1.1', '1.0.0.1'],
  ipv6: ['2001:db8::1', '2001:db8::2'],
  ipv6Dns: ['2001:db8::53', '2001:db8::54'],
  ipv6Dns2: ['2001:db8::a:53', '::ffff:192.0.2.1'],
  simStatus: ['1', '6'],
  networkType: ['32', '40'],
  signalStrength: [50, 0],
  ssSignalStrength: [60, 100],
  uplinkRate: [1_234, 0],
  downlinkRate: [5_432, 5_433],
  connectionTime: [1_234_567, 1],
};
const FIELDS = Object.keys(SAMPLES);
const TEXTS = FIELDS.filter((field) => typeof SAMPLES[field]?.[0] === 'string');
const BEFORE = Object.fromEntries(FIELDS.map((field) => [field, SAMPLES[field]?.[0]]));
const AFTER = Object.fromEntries(FIELDS.map((field) => [field, SAMPLES[field]?.[1]]));
/** Later than what is there before, for reports that are not about it. */
const LATER = '2025-03-02T00:00:00.000Z';

describe('reportDeviceStatus: absent leaves, null clears, a value sets, field by field', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function deviceBefore(): Promise<TestDevice> {
    const device = await createDevice(gateway);
    expect(await reported(gateway, device, BEFORE)).toEqual({ provisioned: true, ...BEFORE });
    return device;
  }
  /** Reports at a known moment; what is answered is also what is read. */
  async function afterReport(values: Record<string, unknown>): Promise<unknown> {
    const device = await deviceBefore();
    const answer = await reported(gateway, device, { lastComm: LATER, ...values });
    expect((await read(gateway, device)).status).toEqual(answer);
    return answer;
  }
  const expected = (values: Record<string, unknown>) => ({
    provisioned: true,
    ...BEFORE,
    lastComm: LATER,
    ...values,
  });

  it('is tried here with every field of the schema, and with no other', async () => {
    expect(await inputPaths(gateway, 'DeviceStatusReport')).toEqual(['device', 'macAddress', ...FIELDS]);
  });

  it.each(FIELDS)('sets %s to a value, and nothing else', async (field) => {
    expect(await afterReport({ [field]: AFTER[field] })).toEqual(expected({ [field]: AFTER[field] }));
  });

  it.each(FIELDS)('clears %s with null, and nothing else', async (field) => {
    expect(await afterReport({ [field]: null })).toEqual(expected({ [field]: null }));
  });

  it.each(TEXTS)('clears %s with the empty text, which is stored as null', async (field) => {
    expect(await afterReport({ [field]: '' })).toEqual(expected({ [field]: null }));
    const { rows } = await gateway.sql.query(
      'SELECT FROM device_status s WHERE to_jsonb(s)::text LIKE \'%""%\'',
    );
    expect(rows).toEqual([]);
  });

  it.each(FIELDS.filter((field) => field !== 'lastComm'))(
    'leaves %s when it is absent and everything else is set',
    async (field) => {
      const { [field]: kept, ...others } = AFTER;
      expect(kept).not.toEqual(BEFORE[field]);
      expect(await afterReport(others)).toEqual(expected({ ...others, [field]: BEFORE[field] }));
    },
  );

  it('takes now for a moment that is absent', async () => {
    const device = await deviceBefore();
    const start = Date.now();
    const { lastComm } = await reported(gateway, device, {});
    const moment = Date.parse(String(lastComm));
    expect(moment).toBeGreaterThanOrEqual(start);
    expect(moment).toBeLessThanOrEqual(Date.now());
  });

  it('gives a device its first status, the rest of it unknown', async () => {
    const device = await createDevice(gateway, { status: null });
    expect((await read(gateway, device)).status).toBeNull();
    const unknown = Object.fromEntries(FIELDS.map((field) => [field, null]));
    const values = { lastComm: LATER, online: true, ipv6: '' };
    expect(await reported(gateway, device, values)).toEqual({
      provisioned: null,
      ...unknown,
      ...values,
      ipv6: null,
    });
  });

  it('gives a first status with everything', async () => {
    const device = await createDevice(gateway, { status: null });
    expect(await reported(gateway, device, AFTER)).toEqual({ provisioned: null, ...AFTER });
  });

  it.each([
    ['2025-03-02T12:20:30.4569+02:00', '2025-03-02T10:20:30.456Z'],
    ['2025-03-02t10:20:30z', '2025-03-02T10:20:30.000Z'],
  ])('reads the moment %s', async (lastComm, moment) => {
    expect(await afterReport({ lastComm })).toMatchObject({ lastComm: moment });
  });

  it.each([
    ['the first moment there is', '0001-01-01T00:00:00.000Z'],
    ['a leap day', '2024-02-29T00:00:00.000Z'],
  ])('reads %s', async (_, lastComm) => {
    const device = await createDevice(gateway, { status: null });
    expect(await reported(gateway, device, { lastComm })).toMatchObject({ lastComm });
    expect((await read(gateway, device)).status).toMatchObject({ lastComm });
  });

  it('reads what stands in the document itself, and an id in any case', async () => {
    const { id } = await deviceBefore();
    const { data, errors } = await gateway.query(
      `mutation { reportDeviceStatus(reports: { device: "${id.toUpperCase()}", lastComm: "${LATER}", ipv6: null, upTime: 5 }) {
        id status { lastComm ipv6 upTime } } }`,
      { token: await gateway.token('ADMIN', newId()) },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      reportDeviceStatus: [{ id, status: { lastComm: LATER, ipv6: null, upTime: 5 } }],
    });
  });

  it('answers many devices in the order of their reports', async () => {
    const devices = await Promise.all(Array.from({ length: 5 }, async () => await createDevice(gateway)));
    const reports = devices.map(({ id: device }, upTime) => ({ device, upTime }));
    const outcome = await report(gateway, reports);
    expect(outcome.errors).toEqual([]);
    expect(outcome.devices).toMatchObject(
      devices.map(({ id }, upTime) => ({ id, version: 1, status: { upTime, lanIp: '192.168.0.1' } })),
    );
    expect(outcome.devices).toHaveLength(5);
  });

  it.each([7, true, ['2025-03-02T00:00:00Z'], {}])(
    'takes no moment that is not a text: %j is a fault of the request',
    async (lastComm) => {
      const { id: device } = await deviceBefore();
      const before = await storedStatus(gateway, { id: device });
      const { data, errors } = await gateway.query(
        'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id } }',
        { token: await gateway.token('ADMIN', newId()), variables: { reports: [{ device, lastComm }] } },
      );
      expect(data).toBeUndefined();
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(await storedStatus(gateway, { id: device })).toBe(before);
    },
  );

  it('knows no other field, and nothing that jobs own', async () => {
    for (const field of [
      'provisioned',
      'simStatusCode',
      'networkTypeCode',
      'networkTypes',
      'ssSingnalStrength',
    ]) {
      const { errors } = await gateway.query(
        'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id } }',
        {
          token: await gateway.token('ADMIN', newId()),
          variables: { reports: [{ device: newId(), [field]: null }] },
        },
      );
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    }
  });
});
