import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { isSettled, progressIn, update, waitFor } from './provisioning.js';

const SILENT = 450;
/** As many updates as one document may hold. */
const AT_ONCE = 50;

describe(`${SILENT} devices of which the endpoint never hears`, () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway(southbound.env);
  });
  afterAll(async () => {
    await southbound.close();
    await gateway.stop();
  });

  async function createSilentDevices(customer: string): Promise<readonly string[]> {
    const model = newId();
    const capabilities = { wifi: true, wifi2G: true, wifi5G: true, wifi6G: false, simSupport: false };
    const ids = Array.from({ length: SILENT }, newId);
    await gateway.importFleet({
      deviceModels: [{ id: model, name: 'NX-510', type: 'ROUTER', capabilities }],
      networkDevices: ids.map((id) => ({ id, customer, model, macAddress: newMac(), name: 'Silent' })),
    });
    return ids;
  }

  it('do not delay the first try of another device', async () => {
    const customer = await createCustomer(gateway);
    const token = await gateway.token('MANAGER', customer);
    const ids = await createSilentDevices(customer);
    const other = await createDevice(gateway, { customer });
    southbound.answerWith(({ deviceId }) => (deviceId === other.id ? { status: 204 } : 'silence'));
    for (let from = 0; from < SILENT; from += AT_ONCE) {
      const fields = ids
        .slice(from, from + AT_ONCE)
        .map((id, index) => `d${index}: updateNetworkDevice(id: "${id}", input: { dhcp: {} }) { jobs }`);
      expect((await gateway.query(`mutation { ${fields.join('\n')} }`, { token })).errors).toEqual([]);
    }
    progressIn(await update(gateway, token, other.id, { wifi: { ssid: 'New' } }));
    const after = await waitFor(gateway, token, other.id, isSettled);
    expect(after.provisioningJobs).toMatchObject([{ state: 'APPLIED', attempts: 1 }]);
    // Not one of them had been given up by then.
    const [first] = southbound.arrivals.filter(({ deviceId }) => deviceId === other.id);
    const silent = southbound.arrivals.filter(({ deviceId }) => deviceId !== other.id);
    const ended = silent.filter(({ endedAt = Infinity }) => endedAt < (first?.startedAt ?? Infinity));
    expect(first).toBeDefined();
    expect(ended).toEqual([]);
    expect(silent.length).toBeGreaterThan(200);
  });
});
