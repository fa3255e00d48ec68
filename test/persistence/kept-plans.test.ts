import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const CUSTOMER = 'c'.repeat(24);
const MODEL = 'a'.repeat(24);
const DEVICES = 20_000;

const INSERT = `INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
  SELECT lpad(to_hex(n), 24, '0'), '${CUSTOMER}', '${MODEL}', 'Device', lpad(to_hex(n), 12, '0')`;

const idOf = (device: number): string => device.toString(16).padStart(24, '0');

describe('what a session did before', () => {
  let database: TestDatabase;
  let session: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    session = new pg.Client({ connectionString: database.url });
    await session.connect();
    await session.query(`ALTER TABLE device_reach SET (autovacuum_enabled = false);
      INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
      VALUES ('${MODEL}', 'Model', 'ROUTER', true, true, true, true, true);
      INSERT INTO customer (id, name) VALUES ('${CUSTOMER}', 'Customer')`);
  });
  afterAll(async () => {
    await session.end();
    await database.drop();
  });

  /** By scans of the whole table, in this session. */
  async function rowsLookedAt(): Promise<number> {
    const { rows } = await session.query<{ looked: number }>(
      `SELECT pg_stat_get_xact_tuples_returned('device_reach'::regclass)::integer AS looked`,
    );
    return rows[0]?.looked ?? 0;
  }

  it('makes no deletion look through what is within reach of all', async () => {
    await session.query(`SET session_replication_role = replica; ${INSERT} FROM generate_series(1, ${DEVICES}) n;
      INSERT INTO device_reach (ancestor_id, device_id) SELECT '${CUSTOMER}', id FROM network_device;
      SET session_replication_role = origin; ANALYZE`);
    await session.query(`DELETE FROM network_device WHERE id <= '${idOf(DEVICES / 2)}'`);
    await session.query('BEGIN');
    const before = await rowsLookedAt();
    await session.query(`DELETE FROM network_device WHERE id = '${idOf(DEVICES)}'`);
    expect((await rowsLookedAt()) - before).toBeLessThan(10);
    await session.query('COMMIT');
    const { rows } = await session.query('SELECT count(*)::integer AS left FROM device_reach');
    expect(rows).toEqual([{ left: DEVICES / 2 - 1 }]);
  });
});
