import { afterAll, beforeAll, expect, it } from 'vitest';
import { EXAMPLE_SUBSCRIPTION } from '../../../src/http/pages/example-operations.js';
import { connect } from '../../live/subscriber.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { faultOf } from '../create-network-device/create.js';
import { update } from '../provisioning/provisioning.js';
import { askChanges, changes, revert } from './history.js';

let gateway: TestGateway;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

it('no password of any version is in the database, the log or an error in clear', async () => {
  const { id } = await createDevice(gateway, { customer, wifi: { password: 'C4nary first' } });
  await update(gateway, token, id, { wifi: { password: 'C4nary second' } });
  await update(gateway, token, id, { wifi: { password: 'C4nary third', bandsteering: false } });
  const errors: string[] = [(await revert(gateway, token, id, { toVersion: 1 })).text];
  expect(errors.join()).toContain('C4nary first');
  errors.length = 0;
  for (const toVersion of [0, 9]) errors.push((await revert(gateway, token, id, { toVersion })).text);
  errors.push((await revert(gateway, token, id, { toVersion: 1, paths: ['C4nary path'] })).text);
  errors.push((await askChanges(gateway, token, id, { after: 'C4nary' })).text);
  expect(await changes(gateway, token, id)).toHaveLength(4);
  const { rows: tables } = await gateway.sql.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  for (const { name } of tables) {
    const { rows } = await gateway.sql.query<{ text: string }>(`SELECT t::text AS text FROM "${name}" t`);
    expect(rows.map(({ text }) => text).join('\n')).not.toContain('C4nary');
  }
  expect(gateway.logLines.join('')).not.toContain('C4nary');
  expect(errors.join('\n')).not.toContain('C4nary');
});

it('a password that does not open any more is an error at its place; the other versions stand', async () => {
  const { id } = await createDevice(gateway, { customer });
  await update(gateway, token, id, { wifi: { password: 'second password' } });
  await update(gateway, token, id, { name: 'Third' });
  await gateway.sql.query(
    `UPDATE device_audit SET old_values = old_values || '{"wifi_password": "v1.lost.AAAA.AAAA"}' WHERE device_id = $1 AND version = 2`,
    [id],
  );
  const { data, errors } = await gateway.query(
    `query ($id: ID!) { networkDevice(id: $id) {
      one: settingsAt(version: 1) { name wifi { ssid password } } two: settingsAt(version: 2) { wifi { password } }
    } }`,
    { token, variables: { id } },
  );
  expect(data).toMatchObject({
    networkDevice: {
      one: { name: 'Johns router', wifi: { ssid: 'SkyNet', password: null } },
      two: { wifi: { password: 'second password' } },
    },
  });
  expect(errors).toMatchObject([
    { path: ['networkDevice', 'one', 'wifi', 'password'], extensions: { code: 'INTERNAL_ERROR' } },
  ]);
  expect(faultOf(await revert(gateway, token, id, { toVersion: 1 }))).toEqual(['INTERNAL_ERROR']);
});

it('the live example of the explorer shows a revert', async () => {
  const { id } = await createDevice(gateway, { customer });
  await update(gateway, token, id, { name: 'Second' });
  const subscriber = await connect(gateway, token);
  await subscriber.watch('1', { ids: [id] }, EXAMPLE_SUBSCRIPTION);
  await revert(gateway, token, id, { toVersion: 1 });
  const [event] = await subscriber.receives('1', 1);
  expect(event).toMatchObject({
    id,
    version: 3,
    name: 'Johns router',
    changes: { nodes: [{ action: 'REVERT', paths: ['name'] }] },
  });
  subscriber.close();
});
