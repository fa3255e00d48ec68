import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { blocksOf, spyOnStatements } from '../../support/statements.js';

/** Devices of one customer, behind those of all others by name and by time of change. */
const LAST = 'fe'.repeat(12);

const FLEET = [
  // The reach of resellers is not asked for here.
  'SET session_replication_role = replica',
  `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
   VALUES ('${'ab'.repeat(12)}', 'Model', 'ROUTER', true, true, true, true, true)`,
  `INSERT INTO customer (id, name, ancestor_ids) VALUES ('${LAST}', 'Last', '{${LAST}}')`,
  `INSERT INTO customer (id, name, ancestor_ids)
   SELECT id, 'Customer', ARRAY[id] FROM (SELECT left(md5('customer ' || n), 24) AS id FROM generate_series(0, 19) n) c`,
  `INSERT INTO network_device (id, customer_id, model_id, name, mac_address, updated_at)
   SELECT left(md5('device ' || n), 24), CASE WHEN n > 20000 THEN '${LAST}' ELSE left(md5('customer ' || n % 20), 24) END,
     '${'ab'.repeat(12)}', CASE WHEN n > 20000 THEN 'Z' ELSE 'A' END || n, lpad(to_hex(n), 12, '0'),
     timestamptz '2026-01-01' + n * interval '1 second'
   FROM generate_series(1, 25000) n ORDER BY md5(n::text)`,
  'SET session_replication_role = origin',
].join(';');

let gateway: TestGateway;
const spy = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  await gateway.sql.query(FLEET);
  await gateway.sql.query('VACUUM ANALYZE network_device');
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

/** How many pages of the database the statement of a list looks at. */
async function blocks(orderBy: object, args: string, token: string): Promise<number> {
  spy.clear();
  const text = `query ($orderBy: NetworkDeviceOrder) { networkDeviceConnection(orderBy: $orderBy, ${args}) { nodes { id } } }`;
  const { errors } = await gateway.query(text, { token, variables: { orderBy } });
  expect(errors).toEqual([]);
  return await blocksOf(gateway.sql, spy.statements()[0]);
}

describe('a page of one customer in an order reads no devices of others', () => {
  it.each([
    ['NAME', 'ASC'],
    ['NAME', 'DESC'],
    ['UPDATED_AT', 'ASC'],
    ['UPDATED_AT', 'DESC'],
  ])('%s %s, by reach and by filter, forward and backward', async (field, direction) => {
    const owner = await gateway.token('OWNER', LAST);
    const admin = await gateway.token('ADMIN', LAST);
    for (const [token, filter] of [
      [owner, ''],
      [admin, `filter: { customer: "${LAST}" }, `],
    ] as const) {
      for (const size of ['first: 100', 'last: 100']) {
        const byId = await blocks({ field: 'ID' }, filter + size, token);
        expect(await blocks({ field, direction }, filter + size, token)).toBeLessThan(2 * byId);
      }
    }
  });
});
