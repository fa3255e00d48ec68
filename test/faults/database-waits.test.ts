import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/errors/gateway-error.js';
import { openDatabase, type Statement } from '../../src/persistence/database/database.js';
import { createTestDatabase } from '../support/database.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { version name } }';
const MODELS = '{ deviceModels { id } }';
const LIST = '{ networkDeviceConnection(first: 1) { nodes { id } } }';
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

  /** The connections of the gateway that wait for a lock, when so many do. */
  async function waiting(count: number): Promise<readonly unknown[]> {
    const pids = async (): Promise<unknown[]> =>
      (await gateway.sql.query<{ pid: number }>(WAITING)).rows.map(({ pid }) => pid);
    await expect.poll(pids).toHaveLength(count);
    return await pids();
  }

  /** How many of these connections are still open. */
  async function open(pids: readonly unknown[]): Promise<number | null> {
    return (await gateway.sql.query('SELECT 1 FROM pg_stat_activity WHERE pid = ANY($1)', [pids])).rowCount;
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

  it('for a lock, and the connections that waited are kept', async () => {
    await whileLocked('LOCK TABLE network_device, device_model IN ACCESS EXCLUSIVE MODE', async () => {
      const asked = Promise.all([READ, MODELS, LIST].map(ask));
      const pids = await waiting(3);
      (await asked).forEach(expectUnavailable);
      expect(await open(pids)).toBe(3);
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
      const pids = await waiting(1);
      await gateway.sql.query(`SELECT pg_cancel_backend(pid) FROM (${WAITING}) w`);
      expectUnavailable(await asked);
      expect(await open(pids)).toBe(1);
    });
    await expectWellAgain();
  });
});

describe('a connection has time limits of the server', () => {
  const SHOW: Statement = {
    text: `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle`,
    onLostConnection: 'nothing-written',
  };
  const INSERT: Statement = {
    text: "INSERT INTO customer (id, name) VALUES (repeat('a', 24), 'Never')",
    onLostConnection: 'unknown',
  };
  const IMPATIENT: Statement = {
    text: 'SET LOCAL idle_in_transaction_session_timeout = 100',
    onLostConnection: 'nothing-written',
  };

  it('which are shorter than those of the gateway', async () => {
    const { url, drop } = await createTestDatabase();
    const database = openDatabase(url, () => undefined);
    expect(await database.run(SHOW, [])).toEqual([{ lock: '4s', statement: '8s', idle: '15s' }]);
    await database.close();
    await drop();
  });

  it('a transaction in which a statement took too long (57014) is rolled back, and its connection is used again', async () => {
    const { url, drop } = await createTestDatabase();
    const database = openDatabase(url, () => undefined);
    const own: Statement = { text: 'SELECT pg_backend_pid() AS pid', onLostConnection: 'nothing-written' };
    const before = await database.run(own, []);
    const late = database.transaction(async (run) => {
      await run(INSERT, []);
      await run({ text: 'SET LOCAL statement_timeout = 100', onLostConnection: 'nothing-written' }, []);
      await run({ text: 'SELECT pg_sleep(20)', onLostConnection: 'nothing-written' }, []);
    });
    await expect(late).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await database.run(own, [])).toEqual(before);
    // Outside a transaction each statement is one of its own.
    const xact: Statement = {
      text: 'SELECT pg_current_xact_id()::text AS id',
      onLostConnection: 'nothing-written',
    };
    expect(await database.run(xact, [])).not.toEqual(await database.run(xact, []));
    expect(await database.prisma.customer.count()).toBe(0);
    await database.close();
    await drop();
  });

  it('a transaction whose ROLLBACK is not answered gives its connection up: nobody knows what is open on it', async () => {
    const { url, drop } = await createTestDatabase();
    const proxy = await startTcpProxy(Number(new URL(url).port || 5432));
    const proxied = new URL(url);
    proxied.port = String(proxy.port);
    const database = openDatabase(proxied.href, () => undefined);
    const own: Statement = { text: 'SELECT pg_backend_pid() AS pid', onLostConnection: 'nothing-written' };
    const before = await database.run(own, []);
    const refused = database.transaction(async (run) => {
      await run(INSERT, []);
      proxy.pause();
      throw new GatewayError('NOT_FOUND');
    });
    await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
    proxy.resume();
    expect(await database.run(own, [])).not.toEqual(before);
    await database.close();
    await proxy.close();
    await drop();
  });

  it('a transaction that says nothing for too long (25P03) wrote nothing, and its error says so', async () => {
    const { url, drop } = await createTestDatabase();
    const database = openDatabase(url, () => undefined);
    const silent = database.transaction(async (run) => {
      await run(IMPATIENT, []);
      await run(INSERT, []);
      await delay(600);
    });
    await expect(silent).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    const late = database.transaction(async (run) => {
      await run(IMPATIENT, []);
      await delay(600);
      await run(INSERT, []);
    });
    await expect(late).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await database.prisma.customer.count()).toBe(0);
    await database.close();
    await drop();
  });
});
