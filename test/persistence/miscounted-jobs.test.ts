import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyMigrations } from '../../src/persistence/setup/migrations.js';
import { createTestDatabase, runIn, type TestDatabase } from '../support/database.js';

// Jobs that went back to the queue while a change of their device waited for it: builds until then did not count them.

const MIGRATION = '20261128080000_miscounted_jobs';
const CUSTOMER = 'c'.repeat(24);
const MODEL = 'd'.repeat(24);

/** 1: a newer job runs; 2: the removal does; 3: the newer one has ended, the old one is under way; 4 and 5: as they should be. */
const BEFORE = `
  INSERT INTO customer (id, name) VALUES ('${CUSTOMER}', 'Customer');
  INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
    VALUES ('${MODEL}', 'Model', 'ROUTER', true, true, true, true, true);
  INSERT INTO network_device (id, customer_id, model_id, name, mac_address, state, has_open_removal, jobs, running_job_id)
    SELECT lpad(n, 24, '0'), '${CUSTOMER}', '${MODEL}', 'Device', lpad(n, 12, '0'), state::device_state, state = 'DELETING', jobs, running
    FROM (VALUES ('1', 'PROVISIONING', 1, 12), ('2', 'DELETING', 1, 22), ('3', 'ACTIVE', 0, 31), ('4', 'PROVISIONING', 2, 41),
      ('5', 'PROVISIONING', 1, NULL)) device(n, state, jobs, running);
  INSERT INTO provisioning_job (id, device_id, version, kind, state, lease, attempts, due_at, removal_due_at)
    SELECT id, lpad(left(id::text, 1), 24, '0'), 1, kind::provisioning_job_kind, state::provisioning_job_state,
      CASE state WHEN 'RUNNING' THEN gen_random_uuid() END, 1, CASE kind WHEN 'REMOVAL' THEN 'infinity' ELSE now() END,
      CASE kind WHEN 'REMOVAL' THEN now() END
    FROM (VALUES (11, 'SETTINGS', 'QUEUED'), (12, 'SETTINGS', 'RUNNING'), (21, 'SETTINGS', 'QUEUED'), (22, 'REMOVAL', 'RUNNING'),
      (31, 'SETTINGS', 'RUNNING'), (41, 'SETTINGS', 'RUNNING'), (42, 'SETTINGS', 'QUEUED'), (51, 'SETTINGS', 'QUEUED')
    ) job(id, kind, state);
  DELETE FROM _prisma_migrations WHERE migration_name = '${MIGRATION}'`;

let database: TestDatabase;
let sql: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  await runIn(database.url, BEFORE);
  sql = new pg.Pool({ connectionString: database.url, max: 1 });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

it('are superseded where a newer one is there, and counted where not', async () => {
  expect(await applyMigrations(database.url)).toEqual([MIGRATION]);
  const { rows } = await sql.query<{ device: string }>(
    `SELECT concat_ws(' ', d.jobs, string_agg(concat_ws(' ', j.id, j.state, j.finished_at IS NOT NULL), ', ' ORDER BY j.id)) AS device
     FROM network_device d JOIN provisioning_job j ON j.device_id = d.id GROUP BY d.id ORDER BY d.id`,
  );
  expect(rows.map(({ device }) => device)).toEqual([
    '1 11 SUPERSEDED t, 12 RUNNING f',
    '1 21 SUPERSEDED t, 22 RUNNING f',
    '1 31 RUNNING f',
    '2 41 RUNNING f, 42 QUEUED f',
    '1 51 QUEUED f',
  ]);
});
