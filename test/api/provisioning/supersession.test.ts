import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, read, retry, update, waitFor } from './provisioning.js';

describe('one job of a device waits and one runs, at most', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  let release: () => void;

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway({ ...southbound.env, PROVISIONING_RETRY_MS: '500' });
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

  const arrivals = () => southbound.arrivals.filter(({ deviceId }) => deviceId === device.id);
  const change = async (ssid: string) =>
    progressIn(await update(gateway, token, device.id, { wifi: { ssid } }));
  const states = async () =>
    (await read(gateway, token, device.id)).provisioningJobs.map(({ state }) => state);
  const running = async () =>
    await waitFor(gateway, token, device.id, ({ provisioningJobs }) =>
      provisioningJobs.some(({ state }) => state === 'RUNNING'),
    );
  const settled = async () => await waitFor(gateway, token, device.id, isSettled);

  it('a newer one takes the place of one that waits, and waits for one that runs', async () => {
    await change('One');
    await running();
    expect(await change('Two')).toMatchObject({ version: 3, jobs: 2, state: 'PROVISIONING' });
    expect(await change('Three')).toMatchObject({ version: 4, jobs: 2, state: 'PROVISIONING' });
    expect(await states()).toEqual(['QUEUED', 'SUPERSEDED', 'RUNNING']);
    expect(progressIn(await update(gateway, token, device.id, { name: 'New name' })).jobs).toBe(2);
    release();
    const after = await settled();
    expect(after).toMatchObject({ version: 5, state: 'ACTIVE', status: { provisioned: true } });
    expect(after.provisioningJobs).toMatchObject([
      // The settings of the moment went out, and they were of version 5.
      { state: 'APPLIED', version: 5 },
      { state: 'SUPERSEDED', version: 3, attempts: 0 },
      { state: 'APPLIED', version: 2 },
    ]);
    expect(arrivals().map(({ wifi, version }) => [wifi?.['ssid'], version])).toEqual([
      ['One', 2],
      ['Three', 5],
    ]);
    const [first, second] = arrivals();
    expect(second?.startedAt).toBeGreaterThanOrEqual(first?.endedAt ?? Number.NaN);
  });

  it('the device is PROVISIONING until the last one ended', async () => {
    await change('One');
    await running();
    await change('Two');
    const releaseSecond = southbound.hold();
    release();
    const between = await waitFor(gateway, token, device.id, ({ jobs }) => jobs === 1);
    expect(between).toMatchObject({ state: 'PROVISIONING', status: { provisioned: false } });
    releaseSecond();
    expect(await settled()).toMatchObject({ state: 'ACTIVE', status: { provisioned: true } });
  });

  it('a failed try of an older one is not repeated when a newer one waits', async () => {
    southbound.answerWith((order) => ({ status: order.version === 2 ? 500 : 200 }));
    await change('One');
    await waitFor(
      gateway,
      token,
      device.id,
      ({ provisioningJobs: [job] }) => job?.attempts === 1 && job.state === 'QUEUED',
    );
    await change('Two');
    const after = await settled();
    expect(after.provisioningJobs).toMatchObject([
      { state: 'APPLIED', version: 3 },
      { state: 'SUPERSEDED', version: 2, attempts: 1, error: 'The provisioning endpoint answered HTTP 500.' },
    ]);
  });

  it('one that runs and fails is superseded by the one that waits', async () => {
    let answer: (status: number) => void = () => undefined;
    const answered = new Promise<number>((resolve) => (answer = resolve));
    southbound.answerWith(async (order) => ({ status: order.version === 2 ? await answered : 200 }));
    await change('One');
    await running();
    await change('Two');
    answer(500);
    const after = await settled();
    expect(after.provisioningJobs).toMatchObject([
      { state: 'APPLIED' },
      { state: 'SUPERSEDED', attempts: 1 },
    ]);
  });

  it('a device with a failed older job and a newer good one ends provisioned', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    southbound.answerWith(async (order) => {
      await answered;
      return order.version === 2 ? { status: 422, body: { error: 'No.' } } : { status: 200 };
    });
    await change('One');
    await running();
    await change('Two');
    answer();
    const after = await settled();
    expect(after).toMatchObject({ state: 'ACTIVE', status: { provisioned: true } });
    expect(after.provisioningJobs.map(({ state }) => state)).toEqual(['APPLIED', 'FAILED']);
  });

  it('retryProvisioning takes the place of a job that waits', async () => {
    await change('One');
    await running();
    await change('Two');
    expect(progressIn(await retry(gateway, token, device.id))).toMatchObject({ version: 3, jobs: 2 });
    expect(await states()).toEqual(['QUEUED', 'SUPERSEDED', 'RUNNING']);
    release();
    await settled();
  });

  it('20 retries at once leave one that waits', async () => {
    await change('One');
    await running();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await retry(gateway, token, device.id)),
    );
    expect(answers.map((answer) => progressIn(answer).jobs)).toEqual(Array(20).fill(2));
    expect((await read(gateway, token, device.id)).jobs).toBe(2);
    expect((await states()).filter((state) => state === 'QUEUED')).toHaveLength(1);
    release();
    await settled();
  });

  it('DELETING supersedes what waits, is never left, and refuses a retry', async () => {
    await change('One');
    await running();
    await change('Two');
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [device.id]);
    expect(await read(gateway, token, device.id)).toMatchObject({ state: 'DELETING', jobs: 1 });
    expect(await states()).toEqual(['SUPERSEDED', 'RUNNING']);
    const refused = await retry(gateway, token, device.id);
    expect(refused.errors[0]?.extensions).toMatchObject({
      code: 'DEVICE_DELETING',
      rest: { code: 409, message: 'state' },
      deviceId: device.id,
    });
    release();
    expect(await settled()).toMatchObject({ state: 'DELETING', jobs: 0 });
    expect(await states()).toEqual(['SUPERSEDED', 'APPLIED']);
  });

  it('a failed try of a device that is being deleted is not repeated', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => (answer = resolve));
    southbound.answerWith(async () => {
      await answered;
      return { status: 500 };
    });
    await change('One');
    await running();
    await gateway.sql.query(`UPDATE network_device SET state = 'DELETING' WHERE id = $1`, [device.id]);
    answer();
    expect(await settled()).toMatchObject({ state: 'DELETING', jobs: 0, status: { provisioned: false } });
    expect(await states()).toEqual(['SUPERSEDED']);
  });
});
