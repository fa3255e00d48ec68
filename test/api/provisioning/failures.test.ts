import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { metricsOf } from '../../support/metrics.js';
import { type Answer, startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, read, retry, update, waitFor } from './provisioning.js';

describe('an attempt that fails', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway(southbound.env);
  });
  beforeEach(async () => {
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    expect(southbound.errors).toEqual([]);
    await gateway.stop();
    await southbound.close();
  });

  const arrivals = () => southbound.arrivals.filter(({ deviceId }) => deviceId === device.id);
  const change = async (ssid = 'New') =>
    progressIn(await update(gateway, token, device.id, { wifi: { ssid } }));
  const settled = async () => await waitFor(gateway, token, device.id, isSettled);
  const answerAll = (...answers: readonly [Answer, ...Answer[]]) => {
    southbound.answerWith((order) => answers[order.attempt - 1] ?? answers[0]);
  };

  it('is repeated with growing delay, and the job applied when one succeeds', async () => {
    answerAll({ status: 500 }, { status: 503 }, { status: 404 }, { status: 200 });
    await change();
    const after = await settled();
    expect(after).toMatchObject({ state: 'ACTIVE', status: { provisioned: true } });
    expect(after.provisioningJobs).toMatchObject([{ state: 'APPLIED', attempts: 4 }]);
    expect(arrivals().map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    const [first = 0, second = 0, third = 0] = arrivals()
      .slice(1)
      .map(({ startedAt }, index) => startedAt - (arrivals()[index]?.endedAt ?? Number.NaN));
    // 40, 80 and 160 ms, each a fifth more or less; what comes on top depends on the machine.
    expect(first).toBeGreaterThanOrEqual(30);
    expect(second).toBeGreaterThanOrEqual(62);
    expect(third).toBeGreaterThanOrEqual(126);
  });

  it('is no longer repeated after five: FAILED with the reason, ACTIVE and not provisioned', async () => {
    answerAll({ status: 502 });
    await change();
    const after = await settled();
    expect(after).toMatchObject({ version: 2, state: 'ACTIVE', jobs: 0, status: { provisioned: false } });
    expect(after.provisioningJobs).toMatchObject([
      { state: 'FAILED', attempts: 5, error: 'The provisioning endpoint answered HTTP 502.' },
    ]);
    await delay(200);
    expect(arrivals()).toHaveLength(5);
  });

  it.each<[string, Answer]>([
    ['refused', { status: 409, body: { error: 'Channel 13 is not allowed.' } }],
    ['attempts_used_up', { status: 502 }],
  ])('leaves a line in the log and a count when its job fails: %s', async (why, answer) => {
    const counter = `provisioning_jobs_failed_total{why="${why}"}`;
    const before = (await metricsOf(gateway)).get(counter) ?? 0;
    answerAll(answer);
    await change();
    await settled();
    const lines = (): string[] =>
      gateway.logLines.filter((line) => line.includes('provisioning job failed') && line.includes(device.id));
    await expect.poll(() => lines().length).toBe(1);
    expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ level: 40, deviceId: device.id, why });
    expect(lines()[0]).not.toContain('Channel 13');
    expect((await metricsOf(gateway)).get(counter)).toBe(before + 1);
  });

  it('shows the job as QUEUED with the reason while it waits', async () => {
    answerAll({ status: 500 });
    await change();
    const waiting = await waitFor(gateway, token, device.id, ({ provisioningJobs: [job] }) => {
      return job?.state === 'QUEUED' && job.attempts > 1;
    });
    expect(waiting).toMatchObject({ state: 'PROVISIONING', jobs: 1, status: { provisioned: false } });
    expect(waiting.provisioningJobs[0]?.error).toBe('The provisioning endpoint answered HTTP 500.');
    await settled();
  });

  it.each([409, 422])('%i is final, with the reason of the endpoint', async (status) => {
    answerAll({ status, body: { error: 'Channel 13 is not allowed here.' } });
    await change();
    const after = await settled();
    expect(after).toMatchObject({ state: 'ACTIVE', status: { provisioned: false } });
    expect(after.provisioningJobs).toMatchObject([
      { state: 'FAILED', attempts: 1, error: 'Channel 13 is not allowed here.' },
    ]);
    expect(arrivals()).toHaveLength(1);
  });

  it('keeps 500 characters of the reason, without the secrets of the device', async () => {
    const error = `bad "JohnConner" and 'SarahConner'\u0000\n${'x'.repeat(600)}`;
    answerAll({ status: 422, body: { error } });
    await change();
    const [job] = (await settled()).provisioningJobs;
    expect(job?.error).toBe(`bad "…" and '…' ${'x'.repeat(500)}`.slice(0, 500));
  });

  it('shows those who may not read the passwords that it failed, and nothing of what the endpoint says', async () => {
    answerAll({ status: 422, body: { error: `It is ${Buffer.from('JohnConner').toString('base64')}.` } });
    await change();
    expect((await settled()).provisioningJobs[0]?.error).toBe('It is …==.');
    const single = 'query ($id: ID!) { networkDevice(id: $id) { provisioningJobs { state error } } }';
    const batch = 'query ($id: ID!) { networkDevices(ids: [$id]) { provisioningJobs { state error } } }';
    const list = `query ($customer: ID!) { networkDeviceConnection(filter: { customer: $customer }) {
      nodes { id provisioningJobs { state error } } } }`;
    for (const query of [single, batch, list]) {
      const answerFor = async (level: 'VIEWER' | 'RESELLER_ADMIN' | 'OWNER') =>
        (
          await gateway.query(query, {
            token: await gateway.token(level, device.customer),
            variables: query === list ? { customer: device.customer } : { id: device.id },
          })
        ).text;
      const error = 'The last try failed. Who may read the WiFi passwords of the device is told why.';
      for (const level of ['VIEWER', 'RESELLER_ADMIN'] as const) {
        const text = await answerFor(level);
        expect(text).toContain(JSON.stringify({ state: 'FAILED', error }).slice(1, -1));
        expect(text).not.toContain('It is');
      }
      expect(await answerFor('OWNER')).toContain('It is …==.');
    }
  });

  it('has no reason while none failed, whoever asks', async () => {
    answerAll({ status: 200 });
    await change();
    await settled();
    const viewer = await gateway.token('VIEWER', device.customer);
    expect((await read(gateway, viewer, device.id)).provisioningJobs).toMatchObject([
      { state: 'APPLIED', error: null },
    ]);
  });

  it.each([
    ['80,000 characters', JSON.stringify({ error: 'é'.repeat(80_000) })],
    ['80,000 characters as escapes', `{"error":"${'\\u00e9'.repeat(80_000)}"}`],
    ['a million characters', `{ "error" : "${'é'.repeat(1_000_000)}" }`],
    ['as many before a fault of the JSON', `{"error":"${'é'.repeat(80_000)}`],
  ])('keeps 500 characters of a reason of %s', async (_, body) => {
    answerAll({ status: 422, text: body });
    await change();
    expect((await settled()).provisioningJobs).toMatchObject([{ state: 'FAILED', error: 'é'.repeat(500) }]);
  });

  it.each([200, 422])('the status %i decides, whatever becomes of the rest of the answer', async (status) => {
    answerAll({ status, text: '{"error":"Not th', isCutOff: true });
    await change();
    const state = status === 200 ? 'APPLIED' : 'FAILED';
    expect((await settled()).provisioningJobs).toMatchObject([{ state, attempts: 1 }]);
  });

  it('has a reason when a refusal gives none', async () => {
    answerAll({ status: 422, body: ['no object'] });
    await change();
    expect((await settled()).provisioningJobs[0]?.error).toBe('The device refused the settings (HTTP 422).');
  });

  it('a redirect is not followed', async () => {
    const elsewhere = await startSouthbound();
    answerAll({ status: 307, headers: { location: elsewhere.url } });
    await change();
    expect((await settled()).provisioningJobs).toMatchObject([{ state: 'FAILED', attempts: 5 }]);
    expect(elsewhere.arrivals).toEqual([]);
    await elsewhere.close();
  });

  it('silence is a failed try after 10 seconds, and keeps no other device waiting', async () => {
    answerAll('silence', { status: 200 });
    await change();
    await waitFor(gateway, token, device.id, ({ provisioningJobs: [job] }) => job?.state === 'RUNNING');
    const silent = device;
    device = await createDevice(gateway, { customer: silent.customer });
    southbound.answerWith((order) =>
      order.deviceId === silent.id && order.attempt === 1 ? 'silence' : { status: 200 },
    );
    await change();
    await settled();
    expect((await read(gateway, token, silent.id)).provisioningJobs).toMatchObject([{ state: 'RUNNING' }]);
    const after = await waitFor(gateway, token, silent.id, isSettled);
    expect(after.provisioningJobs).toMatchObject([{ state: 'APPLIED', attempts: 2 }]);
    const [first] = southbound.arrivals.filter(({ deviceId }) => deviceId === silent.id);
    expect((first?.endedAt ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThan(9_500);
  });

  it('a failed device can be sent its settings once more', async () => {
    answerAll({ status: 422, body: { error: 'Not now.' } });
    await change();
    await settled();
    answerAll({ status: 200 });
    await retry(gateway, token, device.id);
    const after = await settled();
    expect(after).toMatchObject({ version: 2, state: 'ACTIVE', status: { provisioned: true } });
    expect(after.provisioningJobs.map(({ state }) => state)).toEqual(['APPLIED', 'FAILED']);
  });
});
