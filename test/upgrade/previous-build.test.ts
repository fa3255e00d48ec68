import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Subscriber, touch } from '../live/subscriber.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { newMac, queryAt, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type PreviousGateway, previousBuild, startPreviousGateway } from '../support/previous-build.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';

// While instances are replaced, the release before serves beside the new one, on the schema of the new one.

const WHOLE = `
  id version state name notes jobs macAddress serialNumber mvnoAccount createdAt updatedAt
  model { id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport } }
  customer { id name }
  wifi { enabled ssid password enabled5G ssid5G password5G enabled6G ssid6G password6G bandsteering }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable id } }
  status { provisioned lastComm online lanIp subnetMask simStatus networkType }`;
const READ = `query ($id: ID!) { networkDevice(id: $id) { ${WHOLE} } }`;
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion) { ${WHOLE} }
}`;
const REPORT = `mutation ($reports: [DeviceStatusReport!]!) {
  reportDeviceStatus(reports: $reports) { id version status { online wanIp } }
}`;
const LACKS = `query ($id: ID!) {
  offline: networkDeviceConnection(filter: { ids: [$id], online: false }) { nodes { id } }
  silent: networkDeviceConnection(filter: { ids: [$id], lastCommBefore: "2026-01-01T00:00:00Z" }) { nodes { id } }
  unprovisioned: networkDeviceConnection(filter: { ids: [$id], provisioned: false }) { nodes { id } }
}`;
const LISTS = `query ($ids: [ID!]!, $customer: ID!, $search: String!) {
  networkDevices(ids: $ids) { ${WHOLE} }
  byCustomer: networkDeviceConnection(filter: { customer: $customer }) { totalCount nodes { id } }
  byText: networkDeviceConnection(filter: { search: $search, online: true }) { totalCount nodes { id } }
  byState: networkDeviceConnection(filter: { customer: $customer, state: [ACTIVE], type: [ROUTER] }) { nodes { id } }
  customerConnection { nodes { id name } }
  deviceModels { id name }
  viewer { customer { id name } }
}`;

const build = await previousBuild();

describe.skipIf(build === undefined)('the release before works on the schema of this one', () => {
  let gateway: TestGateway;
  let previous: PreviousGateway;
  let southbound: Southbound;
  let customer: string;
  let device: TestDevice;
  let token: string;

  beforeAll(async () => {
    if (build === undefined) return;
    southbound = await startSouthbound();
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    previous = await startPreviousGateway(build, gateway, southbound.env);
    customer = await createCustomer(gateway);
    token = await gateway.token('MANAGER', customer);
    device = await createDevice(gateway, { customer });
  });
  afterAll(async () => {
    await previous.stop();
    await gateway.stop();
    await southbound.close();
  });

  const read = async (from: Pick<TestGateway, 'query'>, id = device.id): Promise<unknown> => {
    const { data, errors } = await from.query(READ, { token, variables: { id } });
    expect(errors).toEqual([]);
    return data;
  };
  const update = async (at: Pick<TestGateway, 'query'>, input: object, more: object = {}) =>
    await at.query(UPDATE, { token, variables: { id: device.id, input, ...more } });
  const isProvisioned = async (): Promise<void> => {
    await expect
      .poll(async () => await read(previous))
      .toMatchObject({
        networkDevice: { state: 'ACTIVE', jobs: 0, status: { provisioned: true } },
      });
  };

  it('reads a device as this one does', async () => {
    const expected = await read(gateway);
    expect(expected).toMatchObject({ networkDevice: { wifi: { password: 'JohnConner' } } });
    expect(await read(previous)).toEqual(expected);
  });

  it('updates one, and provisions it', async () => {
    const input = { name: 'Renamed', wifi: { ssid: 'Before', password: 'written before' } };
    const { data, errors } = await update(previous, input);
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      updateNetworkDevice: { version: 2, name: 'Renamed', wifi: { password: 'written before' } },
    });
    await isProvisioned();
    expect(southbound.arrivals.at(-1)).toMatchObject({ deviceId: device.id, version: 2 });
    expect(await read(gateway)).toEqual(await read(previous));
  });

  it('provisions what this one writes', async () => {
    const { errors } = await update(gateway, { wifi: { ssid: 'Written now', password: 'written now' } });
    expect(errors).toEqual([]);
    await isProvisioned();
    expect(southbound.arrivals.at(-1)).toMatchObject({ wifi: { password: 'written now' } });
  });

  it('sends settings again', async () => {
    const arrivals = southbound.arrivals.length;
    const { errors } = await previous.query('mutation ($id: ID!) { retryProvisioning(id: $id) { id } }', {
      token,
      variables: { id: device.id },
    });
    expect(errors).toEqual([]);
    await isProvisioned();
    expect(southbound.arrivals.length).toBe(arrivals + 1);
  });

  it('refuses an update as ever: MAC in use, an old version, a rule', async () => {
    const other = await createDevice(gateway, { customer });
    const codes = async (input: object, more?: object): Promise<readonly string[]> =>
      (await update(previous, input, more)).errors.map(({ extensions: { code } }) => code);
    expect(await codes({ macAddress: other.macAddress })).toEqual(['MAC_ADDRESS_IN_USE']);
    expect(await codes({ name: 'Late' }, { expectedVersion: 1 })).toEqual(['VERSION_CONFLICT']);
    expect(await codes({ name: '' })).toEqual(['INVALID_VALUE']);
  });

  it('keeps MAC addresses apart and loses no write when both write at the same moment', async () => {
    const devices = await Promise.all(
      Array.from({ length: 6 }, async () => await createDevice(gateway, { customer })),
    );
    const mac = newMac();
    const taken = await Promise.all(
      devices.map(async ({ id }, index) => {
        const variables = { id, input: { macAddress: mac } };
        return await (index % 2 === 0 ? previous : gateway).query(UPDATE, { token, variables });
      }),
    );
    const codes = taken.flatMap(({ errors }) => errors.map(({ extensions: { code } }) => code));
    expect(codes).toEqual(Array(5).fill('MAC_ADDRESS_IN_USE'));
    const { version } = await storedProgress();
    const updates = Array.from({ length: 10 }, async (_, index) =>
      index % 2 === 0
        ? await update(previous, { notes: `Before ${index}` })
        : await update(gateway, { name: `Now ${index}` }),
    );
    for (const { errors } of await Promise.all(updates)) expect(errors).toEqual([]);
    expect(await storedProgress()).toMatchObject({ version: version + 10 });
  });

  async function storedProgress(): Promise<{ readonly version: number }> {
    const { rows } = await gateway.sql.query<{ version: number }>(
      'SELECT version FROM network_device WHERE id = $1',
      [device.id],
    );
    return rows[0] ?? { version: 0 };
  }

  it('takes in reports of status', async () => {
    const admin = await gateway.token('ADMIN', customer);
    const reports = [{ device: device.id, online: true, wanIp: '192.0.2.7' }];
    const { data, errors } = await previous.query(REPORT, { token: admin, variables: { reports } });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      reportDeviceStatus: [{ id: device.id, status: { online: true, wanIp: '192.0.2.7' } }],
    });
    expect(await read(gateway)).toEqual(await read(previous));
  });

  it('reports and provisions in a way that lists of what is not heard of, online or provisioned see', async () => {
    const { id } = await createDevice(gateway, {
      customer,
      name: 'Kiosk',
      wifi: null,
      dhcp: null,
      status: null,
    });
    const lacks = async (): Promise<unknown> => {
      const { data, errors } = await gateway.query(LACKS, { token, variables: { id } });
      expect(errors).toEqual([]);
      return data;
    };
    const [none, one] = [{ nodes: [] }, { nodes: [{ id }] }];
    expect(await lacks()).toEqual({ offline: one, silent: one, unprovisioned: one });
    const admin = await gateway.token('ADMIN', customer);
    const reportAt = async (online: boolean, lastComm: string): Promise<void> => {
      const variables = { reports: [{ device: id, online, lastComm }] };
      expect((await previous.query(REPORT, { token: admin, variables })).errors).toEqual([]);
    };
    await reportAt(true, '2025-12-31T23:00:00Z');
    expect(await lacks()).toEqual({ offline: none, silent: one, unprovisioned: one });
    await reportAt(false, '2026-01-01T01:00:00Z');
    expect(await lacks()).toEqual({ offline: one, silent: none, unprovisioned: one });
    const variables = { id, input: { wifi: { ssid: 'Before', password: 'written before', enabled: true } } };
    expect((await previous.query(UPDATE, { token, variables })).errors).toEqual([]);
    await expect.poll(lacks).toEqual({ offline: one, silent: none, unprovisioned: none });
  });

  it('lists as this one does', async () => {
    const { id } = await createDevice(gateway, { customer, name: 'Kiosk', dhcp: null, status: null });
    const variables = { ids: [device.id, id, newMac()], customer, search: device.macAddress };
    const expected = await gateway.query(LISTS, { token, variables });
    expect(expected.errors).toEqual([]);
    const { data, errors } = await previous.query(LISTS, { token, variables });
    expect(errors).toEqual([]);
    expect(data).toEqual(expected.data);
    expect(data).toMatchObject({ byText: { totalCount: 1, nodes: [{ id: device.id }] } });
  });

  it('sends its subscribers the changes that this one makes, and this one those that it makes', async () => {
    const authorization = { authorization: `Bearer ${token}` };
    const here = await Subscriber.connect(gateway, authorization);
    const there = await Subscriber.connect(previous, authorization);
    try {
      await here.watch('w', { ids: [device.id] });
      await there.watch('w', { ids: [device.id] });
      await update(gateway, { notes: 'From this one' });
      await here.receives('w', 1);
      await there.receives('w', 1);
      await update(previous, { notes: 'From the one before' });
      await here.receives('w', 2);
      await there.receives('w', 2);
      await touch(gateway, [device.id]);
      await there.receives('w', 3);
    } finally {
      here.close();
      there.close();
    }
  });

  it('leaves the removal of a device alone, and counts it', async () => {
    const doomed = await createDevice(gateway, { customer });
    const release = southbound.hold();
    const variables = { id: doomed.id };
    await previous.query(UPDATE, { token, variables: { ...variables, input: { wifi: { ssid: 'Last' } } } });
    const orders = (): readonly object[] =>
      southbound.arrivals.filter(({ deviceId }) => deviceId === doomed.id);
    await expect.poll(orders).toHaveLength(1);
    const { errors } = await gateway.query('mutation ($id: ID!) { deleteNetworkDevice(id: $id) { id } }', {
      token,
      variables,
    });
    expect(errors).toEqual([]);
    expect(await read(previous, doomed.id)).toMatchObject({ networkDevice: { state: 'DELETING', jobs: 2 } });
    release();
    await expect
      .poll(async () => await read(previous, doomed.id))
      .toMatchObject({ networkDevice: { state: 'DELETING', jobs: 1 } });
    // The build before looks for jobs every two seconds.
    await delay(2_500);
    expect(orders()).toHaveLength(1);
    expect(await read(previous, doomed.id)).toEqual(await read(gateway, doomed.id));
    const jobs = await previous.query(
      'query ($id: ID!) { networkDevice(id: $id) { provisioningJobs { state } } }',
      {
        token,
        variables,
      },
    );
    expect(jobs.data).toEqual({
      networkDevice: { provisioningJobs: [{ state: 'QUEUED' }, { state: 'APPLIED' }] },
    });
    const worker = await gateway.startTwin({ PROVISIONING_WORKER: 'true' });
    try {
      await expect.poll(async () => (await gateway.query(READ, { token, variables })).errors).toHaveLength(1);
    } finally {
      await worker.stop();
    }
    expect(orders()).toHaveLength(1);
  });

  it('sends nothing to a device that has to wait for the end of another one', async () => {
    const old = await createDevice(gateway, { customer });
    const worker = await gateway.startTwin({ PROVISIONING_WORKER: 'true', ...southbound.removalEnv });
    try {
      const release = southbound.hold();
      await queryAt(worker.url, 'mutation ($id: ID!) { deleteNetworkDevice(id: $id) { id } }', {
        token,
        variables: { id: old.id },
      });
      const ordersOf = (id: string): Southbound['arrivals'] =>
        southbound.arrivals.filter(({ deviceId }) => deviceId === id);
      await expect.poll(() => ordersOf(old.id)).toHaveLength(1);
      const next = await createDevice(gateway, { customer });
      const variables = { id: next.id, input: { macAddress: old.macAddress } };
      expect((await gateway.query(UPDATE, { token, variables })).errors).toEqual([]);
      for (const ssid of ['Early', 'Earlier']) {
        const input = { wifi: { ssid } };
        const answer = await previous.query(UPDATE, { token, variables: { id: next.id, input } });
        expect(answer.errors).toEqual([]);
        expect(answer.data).toMatchObject({ updateNetworkDevice: { state: 'PROVISIONING', jobs: 1 } });
      }
      const again = 'mutation ($id: ID!) { retryProvisioning(id: $id) { jobs } }';
      expect((await previous.query(again, { token, variables: { id: next.id } })).data).toEqual({
        retryProvisioning: { jobs: 1 },
      });
      // Workers look for jobs every two seconds.
      await delay(2_500);
      expect(ordersOf(next.id)).toEqual([]);
      release();
      await expect.poll(() => ordersOf(next.id)).toMatchObject([{ wifi: { ssid: 'Earlier' } }]);
      expect(ordersOf(old.id)[0]?.endedAt).toBeLessThan(ordersOf(next.id)[0]?.startedAt ?? 0);
    } finally {
      southbound.answerWith(() => ({ status: 204 }));
      await worker.stop();
    }
  });

  it('its changes stand in the history without values, and hide what was before them; an update of this one goes on', async () => {
    const { id } = await createDevice(gateway, { customer, name: 'First' });
    const change = async (at: Pick<TestGateway, 'query'>, name: string): Promise<void> => {
      expect((await at.query(UPDATE, { token, variables: { id, input: { name } } })).errors).toEqual([]);
    };
    await change(gateway, 'Second');
    await change(previous, 'Third');
    await previous.query('mutation ($id: ID!) { retryProvisioning(id: $id) { id } }', {
      token,
      variables: { id },
    });
    await change(gateway, 'Fourth');
    const { data, errors } = await gateway.query(
      `query ($id: ID!) { networkDevice(id: $id) {
        changes { nodes { version action by before { name } after { name } } }
        second: settingsAt(version: 2) { name } third: settingsAt(version: 3) { name }
      } }`,
      { token, variables: { id } },
    );
    expect(errors).toEqual([]);
    const by = 'test-MANAGER';
    expect(data).toMatchObject({
      networkDevice: {
        changes: {
          nodes: [
            { version: 4, action: 'UPDATE', by, before: { name: 'Third' }, after: { name: 'Fourth' } },
            { version: 3, action: 'RETRY', by },
            { version: 3, action: 'UPDATE', by, before: null, after: null },
            { version: 2, action: 'UPDATE', by, before: null, after: null },
            { version: 1, action: 'IMPORT' },
          ],
        },
        second: null,
        third: { name: 'Third' },
      },
    });
  });

  it('and logs no error meanwhile', async () => {
    await delay(100);
    const failures = previous.logLines.filter((line) => /"level":(50|60)/.test(line));
    expect(failures).toEqual([]);
  });
});
