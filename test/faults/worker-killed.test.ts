import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { build, commandPath, start } from '../support/processes.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { progressIn, update } from '../api/provisioning/provisioning.js';
import { size } from '../support/sizes.js';

const DEVICES = 100;
const CHANGES = size(1_000, 400);
const CLIENTS = 8;
const KILLS = size(10, 4);

describe(`${CHANGES} changes to ${DEVICES} devices from ${CLIENTS} clients, a worker killed ${KILLS} times`, () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let devices: TestDevice[];
  let token: string;

  beforeAll(async () => {
    await build();
    southbound = await startSouthbound();
    southbound.answerWith(async () => {
      await delay(5 + Math.random() * 20);
      return Math.random() < 0.05 ? { status: 500 } : { status: 200 };
    });
    gateway = await startTestGateway({ ...southbound.env, PROVISIONING_WORKER: 'false' });
    const customer = await createCustomer(gateway);
    token = await gateway.token('MANAGER', customer);
    devices = [];
    for (let count = 0; count < DEVICES; count += 1) devices.push(await createDevice(gateway, { customer }));
  });
  afterAll(async () => {
    await gateway.stop();
    await southbound.close();
  });

  const startWorker = () => start([commandPath('worker')], { ...gateway.env, ...southbound.env });

  /** Two workers side by side, of which one is killed and replaced, again and again. */
  async function killWorkers(): Promise<readonly ReturnType<typeof startWorker>[]> {
    const workers = [startWorker(), startWorker()];
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(1_500);
      const { code } = (await workers.shift()?.end('SIGKILL')) ?? {};
      // A worker that had ended by itself could not be killed.
      expect(code).toBeNull();
      workers.push(startWorker());
    }
    return workers;
  }

  /** Each client changes devices one after the other, spread over the time of the kills. */
  async function changeDevices(client: number): Promise<void> {
    for (let change = client; change < CHANGES; change += CLIENTS) {
      const { id } = devices[change % DEVICES] ?? { id: '' };
      progressIn(await update(gateway, token, id, { wifi: { ssid: `Change ${change}` } }));
      await delay(100 * Math.random());
    }
  }

  async function openJobs(): Promise<number> {
    const { rows } = await gateway.sql.query<{ open: number }>(
      `SELECT count(*)::integer AS open FROM provisioning_job WHERE state IN ('QUEUED', 'RUNNING')`,
    );
    return rows[0]?.open ?? -1;
  }

  it('every device ends with its last version applied, none is sent two at a time, no job is lost', async () => {
    const clients = Array.from({ length: CLIENTS }, async (_, client) => await changeDevices(client));
    const [workers] = await Promise.all([killWorkers(), ...clients]);
    const deadline = Date.now() + 60_000;
    while ((await openJobs()) > 0 && Date.now() < deadline) await delay(100);
    // One that is still starting knows of no signal yet.
    const areReady = (): boolean => workers.every(({ output }) => output.stdout.includes('worker ready'));
    await expect.poll(areReady).toBe(true);
    const ends = await Promise.all(workers.map(async (worker) => await worker.end('SIGTERM')));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
    ]);

    const { rows: left } = await gateway.sql.query(
      `SELECT id, state, jobs, running_job_id, provisioned FROM network_device
       WHERE (state, jobs, provisioned) IS DISTINCT FROM ('ACTIVE', 0, true) OR running_job_id IS NOT NULL`,
    );
    expect(left).toEqual([]);
    const { rows: jobs } = await gateway.sql.query<{ jobs: number }>(
      'SELECT count(*)::integer AS jobs FROM provisioning_job',
    );
    expect(jobs).toEqual([{ jobs: CHANGES }]);
    expect(southbound.errors).toEqual([]);

    const { rows: stored } = await gateway.sql.query<{ id: string; ssid: string }>(
      'SELECT id, wifi_ssid AS ssid FROM network_device',
    );
    for (const { id, ssid } of stored) {
      const log = southbound.arrivals.filter(({ deviceId }) => deviceId === id);
      expect(log.at(-1)?.wifi).toMatchObject({ ssid });
      log.slice(1).forEach((arrival, index) => {
        expect(arrival.startedAt).toBeGreaterThanOrEqual(log[index]?.endedAt ?? Infinity);
      });
    }
    expect(stored).toHaveLength(DEVICES);
  });
});
