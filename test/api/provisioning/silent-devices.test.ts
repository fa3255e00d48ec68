import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../../src/config/settings.js';
import { startWorkerApp } from '../../../src/app/worker-app.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, update, waitFor } from './provisioning.js';

const SILENT = 450;
/** As many as once were waited for at most. */
const MANY = 200;

/** Devices whose jobs wait in the queue. */
async function createDevicesWithJobs(gateway: TestGateway, customer: string): Promise<ReadonlySet<string>> {
  const model = newId();
  const capabilities = { wifi: true, wifi2G: true, wifi5G: true, wifi6G: false, simSupport: false };
  const ids = Array.from({ length: SILENT }, newId);
  await gateway.importFleet({
    deviceModels: [{ id: model, name: 'NX-510', type: 'ROUTER', capabilities }],
    networkDevices: ids.map((id) => ({ id, customer, model, macAddress: newMac(), name: 'Silent' })),
  });
  await gateway.sql.query(
    `WITH queued AS (INSERT INTO provisioning_job (device_id, version) SELECT id, 1 FROM unnest($1::text[]) AS d(id))
     UPDATE network_device SET jobs = 1, state = 'PROVISIONING' WHERE id = ANY($1)`,
    [ids],
  );
  return new Set(ids);
}

describe(`${SILENT} devices of which the endpoint never hears`, () => {
  let southbound: Southbound;
  beforeAll(async () => {
    southbound = await startSouthbound();
  });
  afterAll(async () => {
    await southbound.close();
  });

  it.each([
    ['that its update starts at once', 'gateway'],
    ['that a worker takes out of the queue', 'worker'],
  ])('do not delay the first attempt of another device, %s', async (_, works) => {
    const env = { ...southbound.env, SHUTDOWN_GRACE_MS: '0' };
    const gateway = await startTestGateway({ ...env, PROVISIONING_WORKER: String(works === 'gateway') });
    const customer = await createCustomer(gateway);
    const token = await gateway.token('MANAGER', customer);
    const other = await createDevice(gateway, { customer });
    southbound.answerWith(({ deviceId }) => (deviceId === other.id ? { status: 204 } : 'silence'));
    const ids = await createDevicesWithJobs(gateway, customer);
    const worker =
      works === 'worker'
        ? await startWorkerApp(readSettings({ ...gateway.env, ...env }), pino({ level: 'silent' }))
        : undefined;
    const silent = () => southbound.arrivals.filter(({ deviceId }) => ids.has(deviceId));
    await expect.poll(() => silent().length).toBeGreaterThanOrEqual(MANY);

    progressIn(await update(gateway, token, other.id, { wifi: { ssid: 'New' } }));
    const after = await waitFor(gateway, token, other.id, isSettled);
    expect(after.provisioningJobs).toMatchObject([{ state: 'APPLIED', attempts: 1 }]);
    // Not one of them had been given up by then.
    const [first] = southbound.arrivals.filter(({ deviceId }) => deviceId === other.id);
    expect(first).toBeDefined();
    const ended = silent().filter(({ endedAt = Infinity }) => endedAt < (first?.startedAt ?? Infinity));
    expect(ended.length).toBe(0);
    await worker?.stop();
    await gateway.stop();
  });
});
