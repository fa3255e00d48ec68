import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { read as readSettings, storedRow, updated } from '../update-network-device/update.js';
import { changesOf, read, report, reported } from './report.js';

describe('reportDeviceStatus leaves the device itself alone', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ['ACTIVE', {}],
    ['PROVISIONING', { status: null }],
    ['DELETING', {}],
  ] as const)('%s: row, version and updatedAt stay, the status changes', async (state, wishes) => {
    const device = await createDevice(gateway, { state, ...wishes });
    const [row, before] = [await storedRow(gateway, device), await read(gateway, device)];
    await reported(gateway, device, { upTime: 5, lanIp: '10.0.0.1' });
    expect(await storedRow(gateway, device)).toBe(row);
    const { status, ...after } = await read(gateway, device);
    const { status: _, ...same } = before;
    expect(after).toEqual(same);
    expect(status).toMatchObject({ upTime: 5, lanIp: '10.0.0.1' });
  });

  it('an update that expects the version from before still succeeds', async () => {
    const device = await createDevice(gateway);
    const { version } = await readSettings(gateway, device);
    await reported(gateway, device, { upTime: 5 });
    const answer = await updated(gateway, device, { notes: 'After a report' }, { expectedVersion: version });
    expect(answer).toMatchObject({ version: version + 1, notes: 'After a report' });
    expect((await read(gateway, device)).status).toMatchObject({ upTime: 5 });
  });

  it('reports and updates at once neither fail nor lose anything', async () => {
    const device = await createDevice(gateway);
    const rounds = Array.from({ length: 20 }, (_, index) => index + 1);
    await Promise.all(
      rounds.flatMap((round) => [
        updated(gateway, device, { notes: `Note ${round}` }),
        reported(gateway, device, { upTime: round }),
      ]),
    );
    expect((await read(gateway, device)).version).toBe(1 + rounds.length);
  });

  it('writes one change for each report that changes a status', async () => {
    const [device, other, bystander] = [
      await createDevice(gateway),
      await createDevice(gateway, { status: null }),
      await createDevice(gateway),
    ];
    const { sql } = gateway;
    const counts = async () => [
      await changesOf(gateway, device),
      await changesOf(gateway, other),
      await changesOf(gateway, bystander),
    ];
    const before = await counts();
    await report(gateway, [{ device: device.id }, { device: other.id }]);
    await report(gateway, [{ device: device.id }, { device: other.id, lastComm: '2000-01-01T00:00:00Z' }]);
    const after = await counts();
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([2, 1, 0]);
    const strays = 'SELECT FROM device_change WHERE device_id NOT IN (SELECT id FROM network_device)';
    expect((await sql.query(strays)).rows).toEqual([]);
  });
});
