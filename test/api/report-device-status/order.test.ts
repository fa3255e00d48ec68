import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { changesOf, read, report, reported, storedStatus } from './report.js';

// What createDevice stores.
const KNOWN = '2025-01-01T00:00:00.000Z';
const JUST_BEFORE = '2024-12-31T23:59:59.999Z';
const JUST_AFTER = '2025-01-01T00:00:00.001Z';

describe('reportDeviceStatus: a report that is older than what is known changes nothing', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(['2024-12-31T23:59:59.999Z', '2025-01-01T00:59:59.999+01:00', '0001-01-01T00:00:00Z'])(
    'older, at %s: the device as it stands is answered',
    async (lastComm) => {
      const device = await createDevice(gateway);
      const before = { row: await storedStatus(gateway, device), read: (await read(gateway, device)).status };
      const answer = await reported(gateway, device, {
        lastComm,
        online: false,
        lanIp: null,
        dns: '9.9.9.9',
      });
      expect(answer).toEqual(before.read);
      expect(await storedStatus(gateway, device)).toBe(before.row);
      expect(await changesOf(gateway, device)).toBe(0);
    },
  );

  it.each([KNOWN, '2025-01-01T01:00:00+01:00', JUST_AFTER])(
    'as old or newer, at %s: applied',
    async (lastComm) => {
      const device = await createDevice(gateway);
      const moment = new Date(lastComm).toISOString();
      expect(await reported(gateway, device, { lastComm, online: false })).toMatchObject({
        lastComm: moment,
        online: false,
      });
      expect(await changesOf(gateway, device)).toBe(1);
    },
  );

  it('anything is newer than a moment that is not known', async () => {
    const device = await createDevice(gateway, { status: { lastComm: null } });
    const lastComm = '1970-01-01T00:00:00.000Z';
    expect(await reported(gateway, device, { lastComm, online: false })).toMatchObject({
      lastComm,
      online: false,
    });
  });

  it('a moment that is cleared is never older', async () => {
    const device = await createDevice(gateway);
    const lastComm = '2024-01-01T00:00:00.000Z';
    expect(await reported(gateway, device, { lastComm: null, online: false })).toMatchObject({
      lastComm: null,
      online: false,
    });
    expect(await reported(gateway, device, { lastComm, online: true })).toMatchObject({
      lastComm,
      online: true,
    });
    expect(await changesOf(gateway, device)).toBe(2);
  });

  it('is decided report by report: older and newer ones in one call', async () => {
    const [stale, fresh] = [await createDevice(gateway), await createDevice(gateway)];
    const outcome = await report(gateway, [
      { device: stale.id, lastComm: JUST_BEFORE, online: false },
      { device: fresh.id, lastComm: JUST_AFTER, online: false },
    ]);
    expect(outcome).toMatchObject({
      errors: [],
      devices: [
        { id: stale.id, status: { lastComm: KNOWN, online: true } },
        { id: fresh.id, status: { lastComm: JUST_AFTER, online: false } },
      ],
    });
    expect([await changesOf(gateway, stale), await changesOf(gateway, fresh)]).toEqual([0, 1]);
  });

  it.each<[string, object]>([
    ['a status', {}],
    ['no status', { status: null }],
  ])(
    'reports of one device apply in their order, each answered with the device after all of them: %s',
    async (_, wishes) => {
      const [device, other] = [await createDevice(gateway, wishes), await createDevice(gateway, wishes)];
      const { id } = device;
      const outcome = await report(gateway, [
        { device: id, lastComm: '2025-05-01T00:00:01Z', upTime: 1, dns: '1.1.1.1' },
        { device: other.id, lastComm: '2025-05-01T00:00:00Z', upTime: 10 },
        { device: id.toUpperCase(), lastComm: '2025-05-01T00:00:03Z', upTime: 2, lanIp: '10.0.0.3' },
        { device: id, lastComm: '2025-05-01T00:00:02Z', upTime: 3, lanIp: null },
        { device: id, lastComm: '2025-05-01T00:00:03Z', upTime: 4, dns: null },
      ]);
      expect(outcome).toMatchObject({
        errors: [],
        devices: [
          { id, status: { upTime: 4, dns: null, lanIp: '10.0.0.3' } },
          { id: other.id, status: { upTime: 10 } },
          { id, status: { upTime: 4, dns: null } },
          { id, status: { upTime: 4, dns: null } },
          { id, status: { upTime: 4, dns: null } },
        ],
      });
      expect((await read(gateway, device)).status).toMatchObject({ upTime: 4, dns: null });
      expect([await changesOf(gateway, device), await changesOf(gateway, other)]).toEqual([1, 1]);
    },
  );

  it('of several reports of one device those change nothing that are older than what is known', async () => {
    const device = await createDevice(gateway);
    const { devices, errors } = await report(gateway, [
      { device: device.id, lastComm: JUST_BEFORE, upTime: 1, dns: '1.1.1.1' },
      { device: device.id, lastComm: KNOWN, upTime: 2 },
      { device: device.id, lastComm: JUST_BEFORE, upTime: 3 },
    ]);
    expect(errors).toEqual([]);
    expect(devices?.map((answer) => answer?.status)).toMatchObject(
      Array(3).fill({ lastComm: KNOWN, upTime: 2, dns: null }),
    );
    const before = await storedStatus(gateway, device);
    await report(
      gateway,
      [1, 2, 3].map((upTime) => ({ device: device.id, lastComm: JUST_BEFORE, upTime })),
    );
    expect(await storedStatus(gateway, device)).toBe(before);
    expect(await changesOf(gateway, device)).toBe(1);
  });

  it('what follows a cleared moment counts, whatever was known', async () => {
    const device = await createDevice(gateway);
    const { devices } = await report(gateway, [
      { device: device.id, lastComm: JUST_BEFORE, dns: '1.1.1.1' },
      { device: device.id, lastComm: null, upTime: 1 },
      { device: device.id, lastComm: '2024-01-01T00:00:00.000Z', lanIp: '10.0.0.9' },
    ]);
    expect(devices?.[2]?.status).toMatchObject({
      ...{ lastComm: '2024-01-01T00:00:00.000Z', upTime: 1, lanIp: '10.0.0.9', dns: null },
    });
    expect(await changesOf(gateway, device)).toBe(1);
  });

  it.each(['9999-12-31T23:59:59.999Z', 'infinity'])(
    'a stored moment that no clock can have had, %s, keeps no report out',
    async (moment) => {
      const device = await createDevice(gateway);
      await gateway.sql.query('UPDATE device_status SET last_comm = $2 WHERE device_id = $1', [
        device.id,
        moment,
      ]);
      expect(await reported(gateway, device, { lastComm: KNOWN, upTime: 9 })).toMatchObject({
        ...{ lastComm: KNOWN, upTime: 9 },
      });
      expect(await changesOf(gateway, device)).toBe(1);
    },
  );
});
