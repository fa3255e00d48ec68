import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';

const WAITING = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'device-gateway' AND wait_event_type = 'Lock'`;
const COUNT = 40;

const aliases = (field: string): string =>
  `{ ${Array.from({ length: COUNT }, (_, index) => `a${index}: ${field.replace('INDEX', String(index + 1))}`).join(' ')} }`;

describe('one request does not take the connections of all others', () => {
  let gateway: TestGateway;
  let customer: string;
  let device: string;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    customer = await createCustomer(gateway);
    token = await gateway.token('MANAGER', customer);
    device = (await createDevice(gateway, { customer })).id;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    [
      'pages of devices',
      3,
      'device_status',
      'networkDeviceConnection(filter: { online: true }) { nodes { id } }',
    ],
    ['jobs', 1, 'provisioning_job', 'networkDevice(id: "DEVICE") { provisioningJobs(first: INDEX) { id } }'],
    [
      'history',
      1,
      'device_audit',
      'networkDevice(id: "DEVICE") { changes(first: INDEX) { nodes { version } } }',
    ],
    [
      'settings of a version',
      1,
      'device_audit',
      'networkDevice(id: "DEVICE") { settingsAt(version: INDEX) { name } }',
    ],
    ['pages of customers', 3, 'customer', 'customerConnection { nodes { id } }'],
    ['customers', 3, 'customer', 'customer(id: "CUSTOMER") { id }'],
    ['batches', 3, 'device_status', 'networkDevices(ids: ["CUSTOMER"]) { status { online } }'],
    ['models', 3, 'device_model', 'deviceModels { id }'],
    ['the own customer', 1, 'customer', 'viewer { customer { id } }'],
  ])('%s: at most %i statements at once, and all are answered', async (_, count, table, field) => {
    const client = await gateway.sql.connect();
    const query = aliases(field.replace('CUSTOMER', customer).replace('DEVICE', device));
    try {
      await client.query(`BEGIN; LOCK TABLE ${table}`);
      const answer = gateway.query(query, { token });
      await expect
        .poll(async () => (await gateway.sql.query(WAITING)).rowCount)
        .toBeGreaterThanOrEqual(count);
      await delay(200);
      expect((await gateway.sql.query(WAITING)).rowCount).toBe(count);
      await client.query('COMMIT');
      const { data, errors } = await answer;
      expect(errors).toEqual([]);
      const values = Object.values(z.record(z.string(), z.unknown()).parse(data));
      expect(values.filter((value) => value !== null)).toHaveLength(COUNT);
    } finally {
      client.release(true);
    }
  });
});
