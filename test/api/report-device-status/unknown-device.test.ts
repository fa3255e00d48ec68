import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { changesOf, report, storedStatus } from './report.js';

const NO_IDS = [
  'no-id',
  '',
  '1',
  'a'.repeat(23),
  'a'.repeat(25),
  'x'.repeat(24),
  '\u0000',
  "' OR 1=1 --",
  '__proto__',
];

describe('reportDeviceStatus: a device that is unknown is null, without an error', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each(['scope', 'ADMIN'])('missing ones and ids that are none, among others: %s', async (who) => {
    const known = await createDevice(gateway);
    const token = who === 'ADMIN' ? await gateway.token('ADMIN', known.customer) : undefined;
    const missing = newId();
    const unknown = [missing, ...NO_IDS];
    const reports = [...unknown, known.id, ...unknown].map((device) => ({ device, upTime: 7 }));
    const { devices, errors } = await report(gateway, reports, token);
    expect(errors).toEqual([]);
    const nulls = unknown.map(() => null);
    expect(devices).toMatchObject([...nulls, { id: known.id, status: { upTime: 7 } }, ...nulls]);
    expect(await changesOf(gateway, known)).toBe(1);
    expect(await storedStatus(gateway, { id: missing })).toBeUndefined();
    expect(await changesOf(gateway, { id: missing })).toBe(0);
  });

  it('none but unknown ones', async () => {
    const { devices, errors } = await report(gateway, [{ device: newId() }, { device: 'no-id' }]);
    expect({ devices, errors }).toEqual({ devices: [null, null], errors: [] });
  });
});
