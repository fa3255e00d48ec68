import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, runIn } from '../../support/database.js';
import { startGatewayOn, type TestGateway } from '../../support/gateway.js';

const CUSTOMER = 'fe'.repeat(12);
const MODEL = 'ab'.repeat(12);

const FLEET = `
  SET session_replication_role = replica;
  INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
    VALUES ('${MODEL}', 'Model', 'ROUTER', true, true, true, true, true);
  INSERT INTO customer (id, name, ancestor_ids) VALUES ('${CUSTOMER}', 'Customer', '{${CUSTOMER}}');
  INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
    SELECT left(md5('device ' || n), 24), '${CUSTOMER}', '${MODEL}', 'Device', lpad(to_hex(n), 12, '0') FROM generate_series(1, 30000) n;
  INSERT INTO provisioning_job (device_id, version, state, finished_at)
    SELECT id, 1, 'FAILED', now() FROM network_device WHERE mac_address > lpad(to_hex(100), 12, '0');
  SET session_replication_role = origin;
  ANALYZE`;

let gateway: TestGateway;
beforeAll(async () => {
  const database = await createTestDatabase();
  // As little room for the failed jobs of these devices as a server has by default for those of a million.
  await runIn(database.url, `ALTER DATABASE ${database.name} SET work_mem = '128kB'`);
  gateway = await startGatewayOn(database, { PROVISIONING_WORKER: 'false' });
  await gateway.sql.query(FLEET);
});
afterAll(async () => {
  await gateway.stop();
});

it('devices whose newest job did not fail are found also when nearly all failed', async () => {
  const token = await gateway.token('ADMIN', CUSTOMER);
  const { data, errors } = await gateway.query(
    `{ failed: networkDeviceCounts(filter: { lastJobFailed: true }) { total }
      others: networkDeviceCounts(filter: { lastJobFailed: false }) { total } }`,
    { token },
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({ failed: { total: 29_900 }, others: { total: 100 } });
});
