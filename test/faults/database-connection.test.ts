import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { effectsOn, keyedUpdate } from '../api/idempotency/keyed.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { version name } }';
const MODELS = '{ deviceModels { id } }';
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version name }
}`;

const isWrite = (chunk: Buffer): boolean =>
  chunk.includes('UPDATE network_device') || chunk.includes('write-device');

describe('the error for a broken connection to the database says what is known: nothing written, or outcome unknown', () => {
  let proxy: TcpProxy;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;

  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    gateway = await startTestGateway({}, proxy.port);
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.close();
  });
  beforeEach(async () => {
    proxy.judge = () => 'pass';
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });

  const update = async (name: string) =>
    await gateway.query(UPDATE, { token, variables: { id: device.id, input: { name } } });
  const stored = async (): Promise<unknown> => {
    const { rows } = await gateway.sql.query<{ name: string }>(
      'SELECT name FROM network_device WHERE id = $1',
      [device.id],
    );
    return rows[0]?.name;
  };

  it.each([
    ['a read by a hot statement', READ],
    ['a read through Prisma', MODELS],
    ['an update', UPDATE],
  ])(
    '%s while the database is away: DATABASE_UNAVAILABLE, retryable, and well again afterwards',
    async (_, query) => {
      const variables = { id: device.id, input: { name: 'Never' } };
      await proxy.close();
      const { errors, status } = await gateway.query(query, { token, variables });
      await proxy.open();
      expect(status).toBe(200);
      expect(errors[0]?.extensions).toMatchObject({
        code: 'DATABASE_UNAVAILABLE',
        rest: { code: 503, message: 'database_unavailable' },
        retryable: true,
      });
      expect(await stored()).toBe('Johns router');
      expect((await update('Again')).errors).toEqual([]);
    },
  );

  it('a read whose connection breaks is DATABASE_UNAVAILABLE', async () => {
    proxy.judge = (chunk) => (chunk.includes('read-device') ? 'cut-before' : 'pass');
    const { errors } = await gateway.query(READ, { token, variables: { id: device.id } });
    expect(errors[0]?.extensions.code).toBe('DATABASE_UNAVAILABLE');
  });

  it.each(['cut-before', 'cut-after'] as const)(
    'a write with an idempotency key whose connection breaks (%s) is repeated until it has its one effect',
    async (verdict) => {
      const call = { key: verdict, input: { wifi: { ssid: verdict } }, expectedVersion: 1 };
      proxy.judge = (chunk) => (isWrite(chunk) ? verdict : 'pass');
      const { errors } = await keyedUpdate(gateway, device, call);
      proxy.judge = () => 'pass';
      expect(errors[0]?.extensions).toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        retryable: true,
        deviceId: device.id,
      });
      expect((await keyedUpdate(gateway, device, call)).codes).toEqual([]);
      expect(await effectsOn(gateway, device)).toEqual({ version: 2, jobs: 1, audited: 1, keys: 1 });
    },
  );

  it.each([
    ['before the server got the write', 'cut-before', 'Johns router'],
    ['after the server got the write', 'cut-after', 'New name'],
  ] as const)('a connection that breaks %s is OUTCOME_UNKNOWN', async (_, verdict, expected) => {
    proxy.judge = (chunk) => (isWrite(chunk) ? verdict : 'pass');
    const { errors } = await update('New name');
    proxy.judge = () => 'pass';
    expect(errors[0]?.extensions).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      rest: { code: 503, message: 'outcome_unknown' },
      retryable: false,
      deviceId: device.id,
    });
    await expect.poll(stored).toBe(expected);
  });

  it('a server that is made to end the connection in the middle of a read is DATABASE_UNAVAILABLE', async () => {
    const lock = await gateway.sql.connect();
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    try {
      await lock.query('BEGIN; LOCK TABLE network_device IN ACCESS EXCLUSIVE MODE');
      const reading = gateway.query(READ, { token, variables: { id: device.id } });
      await expect.poll(async () => (await gateway.sql.query(waiting)).rowCount).toBe(1);
      await gateway.sql.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) w`);
      expect((await reading).errors[0]?.extensions.code).toBe('DATABASE_UNAVAILABLE');
    } finally {
      await lock.query('ROLLBACK');
      lock.release();
    }
  });
});
