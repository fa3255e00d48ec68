import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { lockWaits } from '../../support/lock-waits.js';

const CREATE = 'mutation ($input: DeviceCreateInput!) { createNetworkDevice(input: $input) { id } }';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
});
afterAll(async () => {
  await gateway.stop();
});

it('creates that wait for their customer leave the connections to others', async () => {
  const other = await createDevice(gateway);
  const { rows } = await gateway.sql.query<{ id: string }>('SELECT id FROM device_model');
  const customer = await createCustomer(gateway);
  const mover = await gateway.sql.connect();
  await mover.query('BEGIN');
  await mover.query('SELECT FROM customer WHERE id = $1 FOR UPDATE', [customer]);
  const token = await gateway.token('MANAGER', customer);
  let answered = 0;
  const creates = Array.from({ length: 12 }, async () => {
    const input = { model: rows[0]?.id, macAddress: newMac() };
    const answer = await gateway.query(CREATE, { token, variables: { input } });
    answered += 1;
    return answer;
  });
  await expect.poll(async () => await lockWaits(gateway)).toBeGreaterThanOrEqual(5);
  const owner = await gateway.token('OWNER', other.customer);
  const update = `mutation { updateNetworkDevice(id: "${other.id}", input: { notes: "Meanwhile" }) { notes } }`;
  for (let turn = 0; turn < 10; turn += 1) {
    expect((await gateway.query(update, { token: owner })).errors).toEqual([]);
  }
  expect(answered).toBe(0);
  await mover.query('COMMIT');
  mover.release();
  expect((await Promise.all(creates)).flatMap(({ errors }) => errors)).toEqual([]);
});
