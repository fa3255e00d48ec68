import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { create, faultOf, idIn } from '../api/create-network-device/create.js';
import { codesOf, deleteDevice, readDeletion } from '../api/delete-network-device/delete.js';
import { newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { createLargeFleet, LARGE_RESELLER } from '../support/large-fleet.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { row } from './support/figures.js';
import { size } from '../support/sizes.js';

const DEVICES = size(1_000_000, 20_000);
/** More than the five after which PostgreSQL may keep one plan of a trigger for all values. */
const ROUNDS = 8;

/** Status, jobs and audit trail as devices have them that are in service. */
const IN_SERVICE = [
  'INSERT INTO device_status (device_id, online) SELECT id, true FROM network_device',
  `INSERT INTO provisioning_job (device_id, version, state, finished_at) SELECT id, 1, 'APPLIED', now() FROM network_device`,
  `INSERT INTO device_audit (device_id, version, action, paths, subject, request_id)
   SELECT id, 1, 'IMPORT', '{}', 'import', 'import' FROM network_device`,
  `INSERT INTO idempotency_key (key_digest, args_digest, object_id)
   SELECT substr(sha256(left(id, 3)::bytea), 1, 8) || substr(sha256(id::bytea), 1, 16), '', id FROM network_device`,
  'VACUUM ANALYZE',
];

/** A session that has nothing to do says what it has counted after ten seconds at the latest. */
const UNTIL_COUNTED_MS = 11_000;

/** The tables that grow with the fleet. */
const LARGE = [
  'device_audit',
  'device_reach',
  'device_status',
  'idempotency_key',
  'network_device',
  'provisioning_job',
];

const REPLACE =
  'mutation ($id: ID!, $input: DeviceReplaceInput!) { replaceNetworkDevice(id: $id, input: $input) { id } }';

let gateway: TestGateway;
let southbound: Southbound;
let token: string;
let ids: readonly string[];
beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway({ ...southbound.removalEnv, DEVICES_PER_CUSTOMER: '0' });
  ids = await createLargeFleet(gateway, DEVICES);
  for (const statement of IN_SERVICE) await gateway.sql.query(statement);
  await setTimeout(UNTIL_COUNTED_MS);
  token = await gateway.token('RESELLER', LARGE_RESELLER, '1h');
}, 1_200_000);
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});

interface Counted {
  readonly table: string;
  /** Rows that were read by going through the whole table. */
  readonly scanned: string;
  readonly deleted: string;
}

/** What PostgreSQL has counted, the statements of triggers and foreign keys included. */
async function counted(): Promise<readonly Counted[]> {
  const { rows } = await gateway.sql.query<Counted>(
    `SELECT relname AS table, seq_tup_read AS scanned, n_tup_del AS deleted FROM pg_stat_user_tables
     WHERE relname = ANY($1) ORDER BY relname`,
    [LARGE],
  );
  return rows;
}
const deletedDevices = async (): Promise<number> =>
  Number((await counted()).find(({ table }) => table === 'network_device')?.deleted);

it(`creates, replacements and deletes among ${DEVICES} devices go by indexes, and so does all that happens with them`, async () => {
  const before = await counted();
  expect(before.map(({ table }) => table)).toEqual(LARGE);
  const { rows: models } = await gateway.sql.query<{ id: string }>('SELECT id FROM device_model');
  const { rows: owners } = await gateway.sql.query<{ id: string; customer: string; mac: string }>(
    'SELECT id, customer_id AS customer, mac_address AS mac FROM network_device WHERE id = ANY($1)',
    [ids.slice(0, 4 * ROUNDS)],
  );
  const startedAt = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [asked, forced, taken, replaced] = owners.slice(4 * round, 4 * round + 4);
    if (asked === undefined || forced === undefined || taken === undefined || replaced === undefined)
      throw new Error('There are too few devices.');
    expect(codesOf(await deleteDevice(gateway, asked, { key: asked.id }, token))).toEqual([]);
    expect(codesOf(await deleteDevice(gateway, forced, { force: true }, token))).toEqual([]);
    const release = southbound.hold();
    expect(codesOf(await deleteDevice(gateway, taken, {}, token))).toEqual([]);
    const input = { model: models[0]?.id, customer: taken.customer, macAddress: taken.mac };
    const created = await create(gateway, token, input, false, taken.id);
    expect(faultOf(created)).toEqual([undefined]);
    expect(codesOf(await deleteDevice(gateway, { id: idIn(created), customer: '' }, {}, token))).toEqual([]);
    release();
    const variables = { id: replaced.id, input: { macAddress: newMac() } };
    expect(codesOf(await gateway.query(REPLACE, { token, variables }))).toEqual([]);
    for (const { id, customer } of [asked, forced, taken]) {
      await expect
        .poll(async () => await readDeletion(gateway, { id, customer, macAddress: '' }))
        .toBe('ACCESS_DENIED');
    }
  }
  const took = performance.now() - startedAt;
  // Sessions say what they have counted when they have nothing to do.
  await expect.poll(deletedDevices).toBeGreaterThanOrEqual(4 * ROUNDS);
  row('writes of a large fleet', { devices: DEVICES, 'ms for each': took / (6 * ROUNDS) });
  const scanned = (rows: readonly Counted[]): readonly (readonly string[])[] =>
    rows.map(({ table, scanned: read }) => [table, read]);
  expect(scanned(await counted())).toEqual(scanned(before));
}, 300_000);
