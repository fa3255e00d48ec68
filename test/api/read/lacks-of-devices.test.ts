import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';

// What lists find by notes that triggers keep: whatever happens to a device, they say what its row and its status say.

const LIST = `query ($filter: NetworkDeviceFilter) {
  networkDeviceConnection(filter: $filter) { totalCount nodes { id } }
  networkDeviceCounts(filter: $filter) { total }
}`;
const answered = z.object({
  networkDeviceConnection: z.object({ totalCount: z.int(), nodes: z.array(z.object({ id: z.string() })) }),
  networkDeviceCounts: z.object({ total: z.int() }),
});
const REPORT = 'mutation ($reports: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $reports) { id } }';

const HOUR_MS = 3_600_000;
const ago = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();

let gateway: TestGateway;
let southbound: Southbound;
let customer: string;
let token: string;
beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway(southbound.env);
  customer = await createCustomer(gateway);
  token = await gateway.token('ADMIN', customer, '1h');
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});

async function run(query: string, variables: object): Promise<unknown> {
  const { data, errors } = await gateway.query(query, { token, variables: { ...variables } });
  expect(errors).toEqual([]);
  return data;
}

const report = async (device: string, values: object): Promise<unknown> =>
  await run(REPORT, { reports: [{ device, ...values }] });

/** Whether a filter finds a device: its list, its total and its counts agree. */
async function fits({ id }: Pick<TestDevice, 'id'>, filter: object): Promise<boolean> {
  const found = answered.parse(await run(LIST, { filter: { ids: [id], ...filter } }));
  const { nodes, totalCount } = found.networkDeviceConnection;
  expect([totalCount, found.networkDeviceCounts.total]).toEqual([nodes.length, nodes.length]);
  return nodes.length === 1;
}

const filters = {
  notOnline: { online: false },
  silentForADay: { lastCommBefore: ago(24) },
  silentForAnHour: { lastCommBefore: ago(1) },
  notProvisioned: { provisioned: false },
};

/** The filters that find a device. */
async function lacksOf(device: Pick<TestDevice, 'id'>): Promise<readonly string[]> {
  const found = [];
  for (const [name, filter] of Object.entries(filters)) if (await fits(device, filter)) found.push(name);
  return found;
}

const ALL = Object.keys(filters);
const newDevice = async (wishes: object = {}): Promise<TestDevice> =>
  await createDevice(gateway, { customer, ...wishes });

describe('what is not known to be online, and what was not heard of', () => {
  it('a device that never reported, then reports, falls silent and reports again', async () => {
    const device = await newDevice({ status: null });
    expect(await lacksOf(device)).toEqual(ALL);
    await report(device.id, { online: true, lastComm: ago(2) });
    expect(await lacksOf(device)).toEqual(['silentForAnHour', 'notProvisioned']);
    await report(device.id, { online: true });
    expect(await lacksOf(device)).toEqual(['notProvisioned']);
    await report(device.id, { online: false });
    expect(await lacksOf(device)).toEqual(['notOnline', 'notProvisioned']);
    await report(device.id, { online: null });
    expect(await lacksOf(device)).toEqual(['notOnline', 'notProvisioned']);
  });

  it('moments that go back, vanish or lie in the future', async () => {
    const device = await newDevice();
    const set = async (moment: string | null): Promise<readonly string[]> => {
      await gateway.sql.query('UPDATE device_status SET last_comm = $2 WHERE device_id = $1', [
        device.id,
        moment,
      ]);
      return (await lacksOf(device)).filter((name) => name.startsWith('silent'));
    };
    const [day, hour] = ['silentForADay', 'silentForAnHour'];
    expect(await set(ago(30))).toEqual([day, hour]);
    for (let hours = 29; hours > 0; hours -= 1)
      expect(await set(ago(hours + 0.01)), `${hours} hours ago`).toEqual(hours < 24 ? [hour] : [day, hour]);
    expect(await set('9999-01-01T00:00:00Z')).toEqual([]);
    expect(await set(ago(2))).toEqual([hour]);
    expect(await set(null)).toEqual([day, hour]);
    expect(await set(ago(0))).toEqual([]);
  });

  it('a status that goes away, and comes back', async () => {
    const device = await newDevice();
    await report(device.id, { online: true });
    await gateway.sql.query('DELETE FROM device_status WHERE device_id = $1', [device.id]);
    expect(await lacksOf(device)).toEqual(ALL.slice(0, 3));
    await report(device.id, { online: true });
    expect(await lacksOf(device)).toEqual([]);
  });

  it('other hardware in its place', async () => {
    const device = await newDevice();
    await report(device.id, { online: true });
    southbound.hold();
    await run(
      'mutation ($id: ID!, $input: DeviceReplaceInput!) { replaceNetworkDevice(id: $id, input: $input) { id } }',
      { id: device.id, input: { macAddress: newMac() } },
    );
    expect(await lacksOf(device)).toEqual(ALL);
  });
});

describe('what is not known to be provisioned', () => {
  const update = async (id: string, ssid: string): Promise<unknown> =>
    await run(
      'mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { id } }',
      { id, input: { wifi: { ssid } } },
    );
  const isUnprovisioned = async (device: Pick<TestDevice, 'id'>): Promise<boolean> =>
    await fits(device, filters.notProvisioned);
  const jobsEnd = async ({ id }: Pick<TestDevice, 'id'>): Promise<void> => {
    await expect
      .poll(async () => await run('query ($id: ID!) { networkDevice(id: $id) { jobs } }', { id }))
      .toEqual({ networkDevice: { jobs: 0 } });
  };

  it('a device while its job waits and runs, when it failed, and when the next one did not', async () => {
    const device = await newDevice();
    expect(await isUnprovisioned(device)).toBe(false);
    const release = southbound.hold();
    await update(device.id, 'First');
    expect(await isUnprovisioned(device)).toBe(true);
    release();
    await jobsEnd(device);
    expect(await isUnprovisioned(device)).toBe(false);
    southbound.answerWith(() => ({ status: 422, body: { error: 'refused' } }));
    await update(device.id, 'Second');
    await jobsEnd(device);
    expect(await isUnprovisioned(device)).toBe(true);
    southbound.answerWith(() => ({ status: 204 }));
    await update(device.id, 'Third');
    await jobsEnd(device);
    expect(await isUnprovisioned(device)).toBe(false);
  });

  it('a device without settings, until it has some', async () => {
    const device = await newDevice({ wifi: null, dhcp: null, status: null });
    expect(await isUnprovisioned(device)).toBe(true);
    await update(device.id, 'First');
    await jobsEnd(device);
    expect(await isUnprovisioned(device)).toBe(false);
  });

  it('whoever writes the row', async () => {
    const device = await newDevice();
    for (const [provisioned, expected] of [
      [null, true],
      [true, false],
      [false, true],
    ] as const) {
      await gateway.sql.query('UPDATE network_device SET provisioned = $2 WHERE id = $1', [
        device.id,
        provisioned,
      ]);
      expect(await isUnprovisioned(device)).toBe(expected);
    }
  });
});

it('notes hold what lacks something, and nothing of a device that is gone', async () => {
  const gone = await newDevice({ status: null });
  await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [gone.id]);
  const notes = async (table: string): Promise<readonly unknown[]> =>
    (await gateway.sql.query<object>(`SELECT device_id AS id FROM ${table} ORDER BY 1`)).rows;
  const devices = async (condition: string): Promise<readonly unknown[]> =>
    (await gateway.sql.query<object>(`SELECT id FROM network_device d WHERE ${condition} ORDER BY 1`)).rows;
  await newDevice({ id: newId(), status: null });
  expect(await notes('unreported_device')).toEqual(
    await devices('NOT EXISTS (SELECT FROM device_status WHERE device_id = id)'),
  );
  expect(await notes('unprovisioned_device')).toEqual(
    await devices(`provisioned IS NOT TRUE AND state <> 'PROVISIONING'`),
  );
  expect(await notes('unreported_device')).not.toEqual([]);
});
