import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, read, update, waitFor } from './provisioning.js';

describe('the job of an update is started by the statement that makes it', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  let release: () => void;

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway(southbound.env);
  });
  beforeEach(async () => {
    release = southbound.hold();
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    expect(southbound.errors).toEqual([]);
    await gateway.stop();
    await southbound.close();
  });

  it('it runs in the answer, and the endpoint gets what was written', async () => {
    const answer = progressIn(await update(gateway, token, device.id, { wifi: { ssid: 'At once' } }));
    expect(answer).toMatchObject({ version: 2, state: 'PROVISIONING', jobs: 1 });
    expect(answer.provisioningJobs).toMatchObject([{ state: 'RUNNING', attempts: 1, version: 2 }]);
    release();
    await waitFor(gateway, token, device.id, isSettled);
    const [job] = (await read(gateway, token, device.id)).provisioningJobs;
    const [arrival, ...more] = southbound.arrivals.filter(({ deviceId }) => deviceId === device.id);
    expect(more).toEqual([]);
    expect(arrival).toMatchObject({ jobId: job?.id, attempt: 1, version: 2, wifi: { ssid: 'At once' } });
  });

  it('one that waits is taken up as soon as the one that runs has ended, not at the next look', async () => {
    await update(gateway, token, device.id, { wifi: { ssid: 'One' } });
    const second = progressIn(await update(gateway, token, device.id, { wifi: { ssid: 'Two' } }));
    expect(second.provisioningJobs.map(({ state }) => state)).toEqual(['QUEUED', 'RUNNING']);
    release();
    const after = await waitFor(gateway, token, device.id, isSettled);
    expect(after.provisioningJobs).toMatchObject([
      { state: 'APPLIED', version: 3 },
      { state: 'APPLIED', version: 2 },
    ]);
  });

  it('one whose worker is gone is taken up by another when its lease has ended', async () => {
    const { rows } = await gateway.sql.query<{ id: string }>(
      `WITH running AS (
         INSERT INTO provisioning_job (device_id, version, state, lease, attempts, started_at, due_at)
         VALUES ($1, 1, 'RUNNING', gen_random_uuid(), 1, now(), now() + interval '1 second') RETURNING id
       )
       UPDATE network_device d SET state = 'PROVISIONING', jobs = 1, running_job_id = running.id
       FROM running WHERE d.id = $1 RETURNING d.id`,
      [device.id],
    );
    expect(rows).toHaveLength(1);
    release();
    const after = await waitFor(gateway, token, device.id, isSettled);
    expect(after.provisioningJobs).toMatchObject([{ state: 'APPLIED', attempts: 1, version: 1 }]);
  });
});
