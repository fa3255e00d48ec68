import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { applyMigrations } from '../../src/persistence/setup/migrations.js';
import { createTestDatabase, runIn, type TestDatabase } from '../support/database.js';

// Notes of what lacks something, made for the devices of a database that is in service.

const MIGRATIONS = [
  '20261128020000_lacks_of_devices',
  '20261128030000_devices_not_online',
  '20261128040000_reported_meanwhile',
];
const CUSTOMER = 'c'.repeat(24);
const MODEL = 'd'.repeat(24);
const device = (digit: number): string => String(digit).padStart(24, '0');

/** The database as the triggers are just made: 1 never reported, 2 did, 3 will be provisioned, 4 is about to report. */
const BEFORE = `
  INSERT INTO customer (id, name) VALUES ('${CUSTOMER}', 'Customer');
  INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
    VALUES ('${MODEL}', 'Model', 'ROUTER', true, true, true, true, true);
  INSERT INTO network_device (id, customer_id, model_id, name, mac_address, provisioned, state)
    SELECT lpad(n::text, 24, '0'), '${CUSTOMER}', '${MODEL}', 'Device', lpad(n::text, 12, '0'), n = 2,
      CASE WHEN n = 3 THEN 'PROVISIONING' ELSE 'ACTIVE' END::device_state FROM generate_series(1, 4) n;
  INSERT INTO device_status (device_id) VALUES ('${device(2)}');
  TRUNCATE unreported_device, unprovisioned_device;
  DROP INDEX device_status_not_online;
  DELETE FROM _prisma_migrations WHERE migration_name IN ('${MIGRATIONS.join("', '")}')`;

let database: TestDatabase;
let reporter: pg.Client;
let sql: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await runIn(database.url, BEFORE);
  sql = new pg.Pool({ connectionString: database.url, max: 1 });
  reporter = new pg.Client({ connectionString: database.url });
  await reporter.connect();
});
afterAll(async () => {
  await Promise.all([reporter.end(), sql.end()]);
  await database.drop();
});

async function noted(table: string): Promise<readonly string[]> {
  const { rows } = await sql.query<{ id: string }>(`SELECT device_id AS id FROM ${table} ORDER BY 1`);
  return rows.map(({ id }) => id);
}

it('hold the devices that are there, but those whose first report is committed while they are made', async () => {
  await reporter.query('BEGIN');
  await reporter.query('INSERT INTO device_status (device_id) VALUES ($1)', [device(4)]);
  const migrating = applyMigrations(database.url);
  await vi.waitUntil(async () => (await noted('unreported_device')).length > 0, { timeout: 60_000 });
  expect(await noted('unreported_device')).toEqual([1, 3, 4].map(device));
  await reporter.query('COMMIT');
  expect(await migrating).toEqual(MIGRATIONS);
  expect(await noted('unreported_device')).toEqual([1, 3].map(device));
  expect(await noted('unprovisioned_device')).toEqual([1, 4].map(device));
});
