import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { report, storedStatus } from './report.js';

describe('reportDeviceStatus: a device whose stored row cannot be read', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ['a reservation', `dhcp_reserved_clients = '[{"mac":5}]'`],
    ['a moment', `created_at = 'infinity'`],
  ])(
    'for %s is an error at its own places; the others are answered, and all are written',
    async (_, spoilt) => {
      const [good, bad] = [await createDevice(gateway), await createDevice(gateway)];
      await gateway.sql.query(`UPDATE network_device SET ${spoilt} WHERE id = $1`, [bad.id]);
      const { devices, errors } = await report(gateway, [
        { device: bad.id, upTime: 41 },
        { device: good.id, upTime: 42 },
        { device: bad.id, upTime: 43 },
      ]);
      expect(devices).toMatchObject([null, { id: good.id, status: { upTime: 42 } }, null]);
      const extensions = { code: 'INTERNAL_ERROR', deviceId: bad.id };
      expect(errors).toMatchObject([
        { path: ['reportDeviceStatus', 0], extensions },
        { path: ['reportDeviceStatus', 2], extensions },
      ]);
      expect(await storedStatus(gateway, good)).toContain(',42,');
      expect(await storedStatus(gateway, bad)).toContain(',43,');
    },
  );
});
