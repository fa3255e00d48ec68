import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { lockWaits } from '../../support/lock-waits.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { deleteDevice, readDeletion } from '../delete-network-device/delete.js';
import { isSettled, update, waitFor } from './provisioning.js';

// A statement that waits for a device's row sees the jobs as they were before it waited.

describe('a change that waits while an attempt fails, and its job goes back to the queue', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let device: TestDevice;

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway(southbound.removalEnv);
  });
  beforeEach(async () => {
    device = await createDevice(gateway);
    // Each first attempt fails, so its job is to wait, too.
    southbound.answerWith(({ attempt }) => ({ status: attempt === 1 ? 500 : 204 }));
    await gateway.sql.query(
      `WITH running AS (
         INSERT INTO provisioning_job (device_id, version, state, lease, attempts, started_at, due_at)
         VALUES ($1, 1, 'RUNNING', gen_random_uuid(), 1, now(), now() + interval '1 hour') RETURNING id
       )
       UPDATE network_device d SET state = 'PROVISIONING', jobs = 1, running_job_id = running.id
       FROM running WHERE d.id = $1`,
      [device.id],
    );
  });
  afterAll(async () => {
    expect(southbound.errors).toEqual([]);
    await gateway.stop();
    await southbound.close();
  });

  /** Makes a change that waits for the row, and lets the attempt end as failed before it gets it. */
  async function meanwhile<T>(change: () => Promise<T>): Promise<T> {
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query(`UPDATE network_device SET running_job_id = NULL WHERE id = $1`, [device.id]);
    await client.query(
      `UPDATE provisioning_job SET state = 'QUEUED', lease = NULL, due_at = now() + interval '1 hour' WHERE device_id = $1`,
      [device.id],
    );
    const changed = change();
    await expect.poll(async () => await lockWaits(gateway)).toBe(1);
    await client.query('COMMIT');
    client.release();
    return await changed;
  }

  it('an update supersedes that job, and is applied', async () => {
    const token = await gateway.token('MANAGER', device.customer);
    const input = { wifi: { ssid: 'Meanwhile' } };
    const { errors } = await meanwhile(async () => await update(gateway, token, device.id, input));
    expect(errors).toEqual([]);
    expect(await waitFor(gateway, token, device.id, isSettled)).toMatchObject({
      state: 'ACTIVE',
      provisioningJobs: [
        { state: 'APPLIED', version: 2, attempts: 2 },
        { state: 'SUPERSEDED', version: 1, attempts: 1 },
      ],
    });
  });

  it('a removal supersedes that job, and ends the device', async () => {
    const { errors } = await meanwhile(async () => await deleteDevice(gateway, device));
    expect(errors).toEqual([]);
    await expect.poll(async () => await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
    const kinds = southbound.arrivals
      .filter(({ deviceId }) => deviceId === device.id)
      .map(({ kind }) => kind);
    expect(kinds).toEqual(['REMOVAL', 'REMOVAL']);
  });
});
