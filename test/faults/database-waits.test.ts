import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, type Statement } from '../../src/persistence/database.js';
import { createTestDatabase } from '../support/database.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { version name } }';
const MODELS = '{ deviceModels { id } }';
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version name }
}`;
const WAITING = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'device-gateway' AND wait_event_type = 'Lock'`;

describe('a wait that lasts too long is DATABASE_UNAVAILABLE, and nothing was written', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  beforeEach(async () => {
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });

  const ask = async (query: string): Promise<GraphqlAnswer> =>
    await gateway.query(query, { token, variables: { id: device.id, input: { name: 'Never' } } });

  /** Does something while nobody else gets at these tables, or at one device. */
  async function whileLocked(lock: string, work: () => Promise<void>): Promise<void> {
    const client = await gateway.sql.connect();
    try {
      await client.query(`BEGIN; ${lock}`);
      await work();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  }

  async function expectWellAgain(): Promise<void> {
    const { data } = await ask(READ);
    expect(data).toEqual({ networkDevice: { version: 1, name: 'Johns router' } });
    expect((await ask(UPDATE)).data).toEqual({ updateNetworkDevice: { version: 2, name: 'Never' } });
  }

  function expectUnavailable({ errors, status }: GraphqlAnswer): void {
    expect(status).toBe(200);
    expect(errors[0]?.extensions).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
  }

  it('for a lock (55P03), in every kind of statement', async () => {
    const tables = 'LOCK TABLE network_device, device_model IN ACCESS EXCLUSIVE MODE';
    await whileLocked(tables, async () => {
      const answers = await Promise.all([READ, MODELS, UPDATE].map(ask));
      answers.forEach(expectUnavailable);
    });
    await whileLocked(`SELECT 1 FROM network_device WHERE id = '${device.id}' FOR UPDATE`, async () => {
      expectUnavailable(await ask(UPDATE));
    });
    await expectWellAgain();
  });

  it.each([
    ['a read by a hot statement', READ],
    ['a read through Prisma', MODELS],
    ['an update', UPDATE],
  ])('for the end of %s (57014)', async (_, query) => {
    await whileLocked('LOCK TABLE network_device, device_model IN ACCESS EXCLUSIVE MODE', async () => {
      const asked = ask(query);
      await expect.poll(async () => (await gateway.sql.query(WAITING)).rowCount).toBe(1);
      await gateway.sql.query(`SELECT pg_cancel_backend(pid) FROM (${WAITING}) w`);
      expectUnavailable(await asked);
    });
    await expectWellAgain();
  });
});

describe('a connection has time limits of the server', () => {
  const SHOW: Statement = {
    text: `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle`,
    kind: 'read',
  };
  const IMPATIENT: Statement = {
    text: 'SET LOCAL idle_in_transaction_session_timeout = 100',
    kind: 'read',
  };

  it('which are shorter than those of the gateway', async () => {
    const { url, drop } = await createTestDatabase();
    const database = openDatabase(url, () => undefined);
    expect(await database.run(SHOW, [])).toEqual([{ lock: '4s', statement: '8s', idle: '15s' }]);
    await database.close();
    await drop();
  });

  it('a transaction that says nothing for too long (25P03) wrote nothing, and that is what is told', async () => {
    const { url, drop } = await createTestDatabase();
    const database = openDatabase(url, () => undefined);
    const insert: Statement = {
      text: "INSERT INTO customer (id, name) VALUES (repeat('a', 24), 'Never')",
      kind: 'write',
    };
    const silent = database.transaction(async (run) => {
      await run(IMPATIENT, []);
      await run(insert, []);
      await delay(600);
    });
    await expect(silent).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    const late = database.transaction(async (run) => {
      await run(IMPATIENT, []);
      await delay(600);
      await run(insert, []);
    });
    await expect(late).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await database.prisma.customer.count()).toBe(0);
    await database.close();
    await drop();
  });
});
