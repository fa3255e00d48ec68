import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { lockWaits } from '../../support/lock-waits.js';

/** The lock by which syncs of all instances take turns. */
const SYNC_LOCK = 4_710_043;

let gateway: TestGateway;
let admin: string;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  admin = await gateway.token('ADMIN', await createCustomer(gateway));
});
afterAll(async () => {
  await gateway.stop();
});

async function sync(id: string, name: string): Promise<GraphqlAnswer> {
  const text =
    'mutation ($id: ID!, $name: String) { syncCustomers(customers: [{ id: $id, name: $name }]) { id name } }';
  return await gateway.query(text, { token: admin, variables: { id, name } });
}

describe('syncCustomers beside others', () => {
  it('many that wait for another instance leave the connections to other requests', async () => {
    const { id } = await createDevice(gateway);
    const other = await gateway.sql.connect();
    await other.query('SELECT pg_advisory_lock($1)', [SYNC_LOCK]);
    const syncs = Array.from({ length: 12 }, async () => await sync(newId(), 'Waits'));
    await expect.poll(async () => await lockWaits(gateway)).toBeGreaterThan(0);
    const device = `{ networkDevice(id: "${id}") { id } }`;
    const answers: GraphqlAnswer[] = [];
    // The syncs arrive meanwhile.
    while (answers.length < 50) answers.push(await gateway.query(device, { token: admin }));
    await other.query('SELECT pg_advisory_unlock($1)', [SYNC_LOCK]);
    other.release();
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect((await Promise.all(syncs)).flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('finds a customer that an import has inserted meanwhile', async () => {
    const id = newId();
    const importing = await gateway.sql.connect();
    await importing.query('BEGIN');
    await importing.query('INSERT INTO customer (id, name) VALUES ($1, $2)', [id, 'Imported']);
    const synced = sync(id, 'Synced');
    await expect.poll(async () => await lockWaits(gateway)).toBeGreaterThan(0);
    await importing.query('COMMIT');
    importing.release();
    const { data, errors } = await synced;
    expect(errors).toEqual([]);
    expect(data).toEqual({ syncCustomers: [{ id, name: 'Synced' }] });
  });
});
