import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DebianPostgres,
  hasDebianPostgres,
  POSTGRES_BIN,
  startDebianPostgres,
} from '../support/debian-postgres.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { startGatewayOn, type TestGateway } from '../support/gateway.js';
import { build, runCommand } from '../support/processes.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { isSettled, waitFor } from '../api/provisioning/provisioning.js';
import { connect, touch } from '../live/subscriber.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $key: String) {
  updateNetworkDevice(id: $id, input: $input, idempotencyKey: $key) { version wifi { ssid password } }
}`;
const READ = 'query ($id: ID!) { networkDevice(id: $id) { version wifi { ssid password password5G } } }';

const ring = `2026:${randomBytes(32).toString('base64')}`;

/** The block of the guide that carries this word. */
async function blockOf(word: string): Promise<string> {
  const guide = await readFile('docs/operations/backup.md', 'utf8');
  const block = new RegExp(`\`\`\`sh ${word}\n([^]*?)\`\`\``).exec(guide)?.[1];
  if (block === undefined) throw new Error(`The guide has no block "${word}".`);
  return block;
}

describe.skipIf(!hasDebianPostgres)('a backup of yesterday, restored into a fresh cluster', () => {
  let folder: string;
  let clusters: readonly [DebianPostgres, DebianPostgres];
  let southbound: Southbound;
  let before: TestGateway;
  let after: TestGateway;
  let device: TestDevice;
  let quiet: TestDevice;
  let token: string;
  const databaseOf = ({ url }: DebianPostgres) => url.replace(/postgres$/, 'device_gateway');

  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    clusters = [await startDebianPostgres(), await startDebianPostgres()];
    southbound = await startSouthbound();
    const [old, fresh] = clusters;
    const env = {
      ...southbound.env,
      WIFI_SECRET_KEYS: ring,
      PROVISIONING_WORKER: 'false',
      DATA_DIR: join(folder, 'data'),
    };
    await shell('createdb --maintenance-db="$SERVER_URL" device_gateway', { SERVER_URL: old.url });
    before = await startGatewayOn({ url: databaseOf(old), drop: async () => await Promise.resolve() }, env);
    const customer = await createCustomer(before);
    device = await createDevice(before, { customer });
    quiet = await createDevice(before, { customer });
    token = await before.token('OWNER', customer);
    // The old cluster has counted further than a fresh one has after the restore.
    await before.sql.query(
      'DO $$ BEGIN FOR turn IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
    );
    for (let count = 0; count < 50; count += 1) await touch(before, [quiet.id], `Change ${count}`);
    await updateIn(before, { wifi: { ssid: 'Of yesterday' } }, 'yesterday');
    const places = { BACKUP_DIR: folder, KEYS_DIR: folder };
    await shell(await blockOf('backup'), {
      ...places,
      DATABASE_URL: databaseOf(old),
      WIFI_SECRET_KEYS: ring,
    });
    await updateIn(before, { wifi: { ssid: 'Of today' } });
    await shell(await blockOf('restore'), {
      ...places,
      NEW_SERVER_URL: fresh.url,
      NEW_DATABASE_URL: databaseOf(fresh),
    });
    expect(await rowsAhead(databaseOf(fresh))).toBeGreaterThanOrEqual(50);
    const kept = (await readFile(join(folder, 'wifi-secret-keys'), 'utf8')).trim();
    after = await startGatewayOn(
      { url: databaseOf(fresh), drop: async () => await Promise.resolve() },
      { ...env, WIFI_SECRET_KEYS: kept },
    );
  });
  afterAll(async () => {
    await after.stop();
    await before.stop();
    await southbound.close();
    for (const { stop } of clusters) await stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** How many noted changes are of transactions that this cluster has yet to count to. */
  async function rowsAhead(url: string): Promise<number> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rowCount } = await client.query(
      'SELECT FROM device_change WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint',
    );
    await client.end();
    return rowCount ?? 0;
  }

  async function shell(script: string, env: Readonly<Record<string, string>>): Promise<void> {
    const path = `${POSTGRES_BIN}:${process.env['PATH'] ?? ''}`;
    await Promise.resolve(
      execFileSync('sh', ['-eu', '-c', script], { env: { PATH: path, ...env }, stdio: 'pipe' }),
    );
  }

  async function updateIn(gateway: TestGateway, input: object, key?: string): Promise<unknown> {
    const { data, errors } = await gateway.query(UPDATE, { token, variables: { id: device.id, input, key } });
    expect(errors).toEqual([]);
    return data;
  }

  it('every password reads, and the version is that of yesterday', async () => {
    const { data, errors } = await after.query(READ, { token, variables: { id: device.id } });
    expect(errors).toEqual([]);
    const passwords = { password: 'JohnConner', password5G: 'SarahConner' };
    expect(data).toEqual({ networkDevice: { version: 2, wifi: { ssid: 'Of yesterday', ...passwords } } });
  });

  it('a repeat with its idempotency key has no second effect', async () => {
    const data = await updateIn(after, { wifi: { ssid: 'Of yesterday' } }, 'yesterday');
    expect(data).toMatchObject({ updateNetworkDevice: { version: 2 } });
  });

  it('no old change is an event, and each new one is one', async () => {
    const subscriber = await connect(after, token);
    await subscriber.watch('w', { ids: [quiet.id] });
    await touch(after, [quiet.id], 'New');
    await subscriber.receives('w', 1);
    // An old one would come with the next heartbeats.
    await delay(1_500);
    expect(subscriber.events('w')).toHaveLength(1);
    subscriber.close();
    await expect.poll(async () => await rowsAhead(databaseOf(clusters[1]))).toBe(0);
  });

  it('a ring that does not fit stops the start', async () => {
    const other = `2026:${randomBytes(32).toString('base64')}`;
    const stranger = `2027:${randomBytes(32).toString('base64')}`;
    await expect(after.startTwin({ WIFI_SECRET_KEYS: other })).rejects.toThrow('is not the one that sealed');
    await expect(after.startTwin({ WIFI_SECRET_KEYS: stranger })).rejects.toThrow('which is not in the ring');
  });

  it('the job that waited goes on, and reprovision sends every device the settings of yesterday', async () => {
    const worker = await after.startTwin({ PROVISIONING_WORKER: 'true' });
    try {
      await waitFor(after, token, device.id, isSettled);
      expect(southbound.arrivals.at(-1)).toMatchObject({ deviceId: device.id, version: 2 });
      const arrivals = southbound.arrivals.length;
      const { code } = await runCommand('reprovision', ['--all', '--rate', '1000'], {
        ...after.env,
        WIFI_SECRET_KEYS: ring,
      });
      expect(code).toBe(0);
      await expect.poll(() => southbound.arrivals.length).toBe(arrivals + 2);
    } finally {
      await worker.stop();
    }
  });
});
