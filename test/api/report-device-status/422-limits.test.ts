import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { changesOf, report, storedStatus } from './report.js';

describe('reportDeviceStatus takes from 1 to 500 reports', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([0, 501])('%i: refused as a whole', async (count) => {
    const device = await createDevice(gateway);
    const before = await storedStatus(gateway, device);
    const reports = Array.from({ length: count }, () => ({ device: device.id, upTime: 1 }));
    const { devices, errors } = await report(gateway, reports);
    expect(devices).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ['reportDeviceStatus'],
        extensions: {
          code: 'INVALID_VALUE',
          rest: { code: 422, message: 'reports' },
          violations: [{ path: 'reports', code: 'INVALID_VALUE' }],
        },
      },
    ]);
    expect(await storedStatus(gateway, device)).toBe(before);
  });

  it('500 on one device: every one is answered', async () => {
    const device = await createDevice(gateway);
    const reports = Array.from({ length: 500 }, (_, upTime) => ({ device: device.id, upTime }));
    const { devices, errors } = await report(gateway, reports);
    expect(errors).toEqual([]);
    expect(devices?.map((answer) => answer?.status?.['upTime'])).toEqual(Array(500).fill(499));
    expect(await changesOf(gateway, device)).toBe(1);
  });
});
