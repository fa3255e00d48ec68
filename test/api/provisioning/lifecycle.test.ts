import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, read, retry, update, waitFor } from './provisioning.js';

describe('a change is brought to the device', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway(southbound.env);
  });
  beforeEach(async () => {
    southbound.answerWith(() => ({ status: 200 }));
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    expect(southbound.errors).toEqual([]);
    await gateway.stop();
    await southbound.close();
  });

  const arrivals = () => southbound.arrivals.filter(({ deviceId }) => deviceId === device.id);
  const settled = async () => await waitFor(gateway, token, device.id, isSettled);

  it.each([
    ['wifi', { wifi: { ssid: 'New' } }],
    ['a section that is dropped', { wifi: null }],
    ['dhcp', { dhcp: { leaseTime: 99 } }],
    ['macAddress', { macAddress: newMac() }],
  ])('%s: PROVISIONING with one job at first, ACTIVE and provisioned in the end', async (_name, input) => {
    const during = progressIn(await update(gateway, token, device.id, input));
    expect(during).toMatchObject({
      version: 2,
      state: 'PROVISIONING',
      jobs: 1,
      status: { provisioned: false },
    });
    expect(during.provisioningJobs).toMatchObject([{ version: 2 }]);
    const after = await settled();
    expect(after).toMatchObject({ version: 2, state: 'ACTIVE', jobs: 0, status: { provisioned: true } });
    expect(after.updatedAt).toBe(during.updatedAt);
    const [job, ...others] = after.provisioningJobs;
    expect(others).toEqual([]);
    expect(job).toMatchObject({ state: 'APPLIED', version: 2, attempts: 1, error: null });
    expect(job?.startedAt).not.toBeNull();
    expect(job?.finishedAt).not.toBeNull();
    expect(arrivals()).toHaveLength(1);
  });

  it('the endpoint gets the whole settings, passwords in clear, in the names of the page', async () => {
    await update(gateway, token, device.id, { wifi: { password: 'N3wPassword' }, notes: null });
    const { provisioningJobs } = await settled();
    const stored = await gateway.query(
      `query ($id: ID!) { networkDevice(id: $id) { serialNumber model { id }
        wifi { enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering }
        dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable id } } } }`,
      { token, variables: { id: device.id } },
    );
    const [arrival] = arrivals();
    expect(arrival?.wifi).toMatchObject({ password: 'N3wPassword', password5G: 'SarahConner' });
    expect({ networkDevice: { ...pick(arrival), model: { id: arrival?.model } } }).toEqual(stored.data);
    expect(arrival).toMatchObject({
      jobId: provisioningJobs[0]?.id,
      attempt: 1,
      deviceId: device.id,
      version: 2,
      macAddress: device.macAddress,
    });
  });

  const pick = (arrival: (typeof southbound.arrivals)[number] | undefined) => ({
    serialNumber: arrival?.serialNumber,
    wifi: arrival?.wifi,
    dhcp: arrival?.dhcp,
  });

  it.each([
    ['name and notes', { name: 'Another', notes: 'Other notes' }, {}, 2],
    ['an update that changes nothing', { wifi: { ssid: 'SkyNet' } }, {}, 1],
    ['a dry run', { wifi: { ssid: 'New' } }, { dryRun: true }, 1],
    ['a version conflict', { wifi: { ssid: 'New' } }, { expectedVersion: 7 }, 1],
    ['a value that breaks a rule', { wifi: { ssid: '' } }, {}, 1],
  ])('%s: no job', async (_name, input, more, version) => {
    await update(gateway, token, device.id, input, more);
    expect(await read(gateway, token, device.id)).toMatchObject({
      version,
      state: 'ACTIVE',
      jobs: 0,
      status: { provisioned: true },
      provisioningJobs: [],
    });
    expect(arrivals()).toEqual([]);
  });

  it('a dry run shows what would be', async () => {
    const answer = progressIn(
      await update(gateway, token, device.id, { wifi: { ssid: 'New' } }, { dryRun: true }),
    );
    expect(answer).toMatchObject({
      version: 2,
      state: 'PROVISIONING',
      jobs: 1,
      status: { provisioned: false },
    });
  });

  it('a device that never reported gets a status, with provisioned alone', async () => {
    device = await createDevice(gateway, { status: null });
    token = await gateway.token('MANAGER', device.customer);
    const during = progressIn(await update(gateway, token, device.id, { wifi: { ssid: 'New' } }));
    expect(during.status).toEqual({ provisioned: false });
    expect((await settled()).status).toEqual({ provisioned: true });
  });

  it('retryProvisioning sends the current settings once more, without a new version', async () => {
    const before = await read(gateway, token, device.id);
    const during = progressIn(await retry(gateway, token, device.id));
    expect(during).toMatchObject({
      version: 1,
      state: 'PROVISIONING',
      jobs: 1,
      status: { provisioned: false },
    });
    expect(during.updatedAt).toBe(before.updatedAt);
    expect(await settled()).toMatchObject({ version: 1, state: 'ACTIVE', status: { provisioned: true } });
    expect(arrivals()).toMatchObject([{ version: 1, wifi: { ssid: 'SkyNet', password: 'JohnConner' } }]);
  });

  it('the REST page shows the job too', async () => {
    const url = new URL(`/network/device/${device.id}`, gateway.url);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body: '{"wifi":{"ssid":"Page"}}' });
    expect(await response.json()).toMatchObject({
      state: 'PROVISIONING',
      jobs: 1,
      status: { provisioned: false },
    });
    await settled();
    expect(arrivals()).toMatchObject([{ wifi: { ssid: 'Page' } }]);
  });

  it('an imported device that is being provisioned gets its job', async () => {
    device = await createDevice(gateway, { state: 'PROVISIONING' });
    token = await gateway.token('MANAGER', device.customer);
    expect(await settled()).toMatchObject({ version: 1, state: 'ACTIVE', status: { provisioned: true } });
    expect(arrivals()).toHaveLength(1);
  });
});
