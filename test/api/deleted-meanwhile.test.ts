import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessLevel } from '../../src/access/viewer.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { report, reported } from './report-device-status/report.js';

const WAITING = `SELECT 1 FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'device-gateway' AND wait_event_type = 'Lock'`;

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $input) { version } }`;
const RETRY = 'mutation ($id: ID!) { retryProvisioning(id: $id) { version } }';

describe('a device that is deleted from the database in the middle of an operation is missing, and nothing worse', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** Begins to delete a device, has something done that finds it and then waits for it, and ends the deletion. */
  async function whileDeleted<T>({ id }: TestDevice, work: () => Promise<T>): Promise<T> {
    const client = await gateway.sql.connect();
    try {
      await client.query('BEGIN');
      await client.query('DELETE FROM network_device WHERE id = $1', [id]);
      const done = work();
      await expect.poll(async () => (await gateway.sql.query(WAITING)).rowCount).toBe(1);
      await client.query('COMMIT');
      return await done;
    } finally {
      client.release();
    }
  }

  const ask = async (
    { id, customer }: TestDevice,
    level: AccessLevel,
    query: string,
    input: object,
  ): Promise<GraphqlAnswer> =>
    await gateway.query(query, { token: await gateway.token(level, customer), variables: { id, input } });

  it.each([
    ['a new name', UPDATE, { name: 'New' }],
    ['new settings, with a job', UPDATE, { wifi: { ssid: 'New' } }],
    ['a new MAC address', UPDATE, { macAddress: '02:00:00:00:00:01' }],
    ['a repeated job', RETRY, {}],
  ])('%s: as for a missing device, and nothing is left', async (_, query, input) => {
    for (const [level, code] of [
      ['MANAGER', 'ACCESS_DENIED'],
      ['ADMIN', 'NOT_FOUND'],
    ] as const) {
      const device = await createDevice(gateway);
      const { data, errors } = await whileDeleted(device, async () => await ask(device, level, query, input));
      expect(Object.values(data ?? {})).toEqual([null]);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
      const missing = await ask(device, level, query, input);
      expect(errors[0]).toEqual({
        ...missing.errors[0],
        extensions: { ...missing.errors[0]?.extensions, requestId: errors[0]?.extensions.requestId },
      });
      for (const table of ['device_audit', 'device_change', 'provisioning_job']) {
        const { rowCount } = await gateway.sql.query(
          `SELECT 1 FROM ${table} t WHERE device_id = $1 AND to_jsonb(t) ->> 'action' IS DISTINCT FROM 'IMPORT'`,
          [device.id],
        );
        expect(rowCount, table).toBe(0);
      }
    }
  });

  it.each([
    ['the first report', null],
    ['a later report', {}],
  ])('%s: null, and the others stand', async (_, status) => {
    const [device, other] = [await createDevice(gateway, { status }), await createDevice(gateway)];
    const { devices, errors } = await whileDeleted(
      device,
      async () =>
        await report(
          gateway,
          [device, other].map(({ id }) => ({ device: id, upTime: 7 })),
        ),
    );
    expect(errors).toEqual([]);
    expect(devices).toMatchObject([null, { id: other.id, status: { upTime: 7 } }]);
    expect(await reported(gateway, other, { upTime: 8 })).toMatchObject({ upTime: 8 });
  });

  it('several reports of one device, first ones: null for each, and the others stand', async () => {
    const [device, other] = [await createDevice(gateway, { status: null }), await createDevice(gateway)];
    const reports = [device, other, device, other].map(({ id }, index) => ({ device: id, upTime: index }));
    const { devices, errors } = await whileDeleted(device, async () => await report(gateway, reports));
    expect(errors).toEqual([]);
    expect(devices).toMatchObject([
      null,
      { id: other.id, status: { upTime: 3 } },
      null,
      { id: other.id, status: { upTime: 3 } },
    ]);
  });
});
