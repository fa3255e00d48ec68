import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { type GraphqlAnswer, newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { lockWaits } from '../support/lock-waits.js';

const UPDATE =
  'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Late", wifi: { ssid: "Late" } }) { name } }';
const RETRY = 'mutation ($id: ID!) { retryProvisioning(id: $id) { name } }';
const REPLACE = `mutation ($id: ID!) {
  replaceNetworkDevice(id: $id, input: { macAddress: "${newMac()}" }) { name }
}`;
const DELETE = 'mutation ($id: ID!) { deleteNetworkDevice(id: $id) { name } }';
const FORCED_DELETE = 'mutation ($id: ID!) { deleteNetworkDevice(id: $id, force: true) { name } }';
const REVERT = 'mutation ($id: ID!) { revertNetworkDevice(id: $id, toVersion: 1) { name } }';
const CREATE = 'mutation ($input: DeviceCreateInput!) { createNetworkDevice(input: $input) { id } }';
const WRITES = [UPDATE, RETRY, REPLACE, REVERT, DELETE, FORCED_DELETE];
const RENAME = 'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Early" }) { version } }';
const STORED = `SELECT d.name, d.version, d.state, d.mac_address, d.jobs, d.wifi_ssid,
    (SELECT count(*)::integer FROM provisioning_job j WHERE j.device_id = d.id) AS all_jobs,
    (SELECT count(*)::integer FROM device_audit a WHERE a.device_id = d.id AND a.action <> 'IMPORT') AS audited
  FROM network_device d WHERE d.id = $1`;

describe('a write that waits for its device does not land on it once it is out of reach', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** Sends a request while a row is held, moves it, and lets it go. */
  async function whileMoving(
    send: () => Promise<GraphqlAnswer>,
    [table, id]: readonly ['network_device' | 'customer', string],
    move: string,
    target: readonly string[],
  ): Promise<GraphqlAnswer> {
    const client = await gateway.sql.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT FROM ${table} WHERE id = $1 FOR UPDATE`, [id]);
      const answer = send();
      await expect.poll(async () => await lockWaits(gateway)).toBe(1);
      await client.query(move, [...target]);
      await client.query('COMMIT');
      return await answer;
    } finally {
      client.release();
    }
  }

  const MOVES = [
    ['MANAGER', 'the device goes to another customer'],
    ['RESELLER', 'the device goes to another customer'],
    ['RESELLER', 'its customer goes to another reseller'],
  ] as const;
  const cases = MOVES.flatMap(([level, what]) => WRITES.map((query) => ({ level, what, query })));

  it.each(cases)('$level, when $what: $query', async ({ level, what, query }) => {
    const [reseller, other] = [await createCustomer(gateway), await createCustomer(gateway)];
    const customer = await createCustomer(gateway, reseller);
    const { id } = await createDevice(gateway, { customer });
    const token = await gateway.token(level, level === 'MANAGER' ? customer : reseller);
    // So there is something to revert.
    expect((await gateway.query(RENAME, { token, variables: { id } })).errors).toEqual([]);
    const [before] = (await gateway.sql.query<object>(STORED, [id])).rows;
    const move =
      what === 'the device goes to another customer'
        ? 'UPDATE network_device SET customer_id = $1 WHERE id = $2'
        : 'UPDATE customer SET parent_reseller_id = $1 WHERE id = $2';
    const target = [other, move.includes('network_device') ? id : customer];
    const { errors } = await whileMoving(
      async () => await gateway.query(query, { token, variables: { id } }),
      ['network_device', id],
      move,
      target,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
    expect((await gateway.sql.query<object>(STORED, [id])).rows).toEqual([before]);
  });

  it('RESELLER, when the customer that it creates a device for goes to another reseller', async () => {
    const [reseller, other] = [await createCustomer(gateway), await createCustomer(gateway)];
    const customer = await createCustomer(gateway, reseller);
    const token = await gateway.token('RESELLER', reseller);
    const model = (await gateway.sql.query<{ id: string }>('SELECT id FROM device_model LIMIT 1')).rows[0]
      ?.id;
    const input = { customer, model, macAddress: newMac() };
    const { errors } = await whileMoving(
      async () => await gateway.query(CREATE, { token, variables: { input } }),
      ['customer', customer],
      'UPDATE customer SET parent_reseller_id = $1 WHERE id = $2',
      [other, customer],
    );
    expect(errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
    const its = 'SELECT FROM network_device WHERE customer_id = $1';
    expect((await gateway.sql.query(its, [customer])).rowCount).toBe(0);
  });

  it.each([UPDATE, RETRY])('and one that stays within reach is written: %s', async (query) => {
    const reseller = await createCustomer(gateway);
    const [customer, other] = [
      await createCustomer(gateway, reseller),
      await createCustomer(gateway, reseller),
    ];
    const { id } = await createDevice(gateway, { customer });
    const token = await gateway.token('RESELLER', reseller);
    const { errors } = await whileMoving(
      async () => await gateway.query(query, { token, variables: { id } }),
      ['network_device', id],
      'UPDATE network_device SET customer_id = $1 WHERE id = $2',
      [other, id],
    );
    expect(errors).toEqual([]);
    expect((await gateway.sql.query<object>(STORED, [id])).rows).toMatchObject([{ all_jobs: 1, audited: 1 }]);
  });
});
