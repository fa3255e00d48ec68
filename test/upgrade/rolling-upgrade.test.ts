import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataDirIssuerKey } from '../../src/data-dir/secrets.js';
import { localIssuer } from '../../src/auth/local-issuer.js';
import { type Balancer, startBalancer } from '../fault-suite/support/balancer.js';
import { quantile, row, tally } from '../fault-suite/support/figures.js';
import { startWriters, throughput } from '../fault-suite/support/writers.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { queryAt } from '../support/gateway.js';
import { type PreviousBuild, previousBuild } from '../support/previous-build.js';
import {
  build as buildThis,
  type Process,
  type ServerProcess,
  start,
  startServer,
} from '../support/processes.js';
import { watchMigrationLocks } from './lock-watch.js';
import { startSubscribers } from './subscribers.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';

// A command of its own: `npm run test:upgrade` has a million devices and minutes of mixed traffic, UPGRADE=short a minute of all.
const { UPGRADE: form } = process.env;
const isWhole = form === 'whole';
const DEVICES = isWhole ? 1_000_000 : 2_000;
const PHASE_MS = isWhole ? 60_000 : 1_500;
const WRITERS = 16;
const SUBSCRIBERS = 8;
/** Devices that are written to. */
const WRITTEN = 40;
/** Maximum time that anybody waits for a lock of a migration. */
const MAX_LOCK_MS = 1_000;

const versionsOf = z.object({
  networkDevices: z.array(z.object({ id: z.string(), version: z.number() })),
});

const previous = form === undefined ? undefined : await previousBuild();

describe.skipIf(previous === undefined)('an upgrade under load, and back', () => {
  let folder: string;
  let database: TestDatabase;
  let southbound: Southbound;
  let balancer: Balancer;
  let sql: pg.Pool;
  let env: Readonly<Record<string, string>>;
  let ids: readonly string[];
  const running: ServerProcess[] = [];
  let worker: Process | undefined;

  beforeAll(async () => {
    if (previous === undefined) return;
    await buildThis();
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    database = await createEmptyDatabase();
    southbound = await startSouthbound();
    balancer = await startBalancer();
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    sql.on('connect', (client) => client.on('error', () => undefined));
    const base = { DATABASE_URL: database.url, DATA_DIR: join(folder, 'data') };
    env = { ...base, ...southbound.env, RATE_LIMIT: '0' };
    await command(previous, 'db-deploy');
    await generate(previous);
    // Such as take a job: what they cannot do is no part of this.
    const { rows } = await sql.query<{ id: string }>(
      `SELECT id FROM network_device WHERE wifi_enabled AND state = 'ACTIVE' LIMIT ${WRITTEN}`,
    );
    expect(rows).toHaveLength(WRITTEN);
    ids = rows.map(({ id }) => id);
  }, 1_800_000);
  afterAll(async () => {
    if (previous === undefined) return;
    await worker?.end('SIGKILL');
    for (const { child, end } of running) if (child.exitCode === null) await end('SIGKILL');
    await balancer.close();
    await southbound.close();
    await sql.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function command(from: PreviousBuild, name: string, ...args: readonly string[]): Promise<void> {
    const { code, stderr } = await start([from.command(name), ...args], env).ended;
    if (code !== 0) throw new Error(stderr);
  }

  /** Goes on where the machine was too busy for one of its statements: what is there stays. */
  async function generate(from: PreviousBuild): Promise<void> {
    for (let tries = 5; ; tries -= 1) {
      try {
        await command(from, 'db-generate', '--devices', String(DEVICES));
        return;
      } catch (error) {
        if (tries === 1) throw error;
      }
    }
  }

  async function startOne(main: string): Promise<ServerProcess> {
    const server = await startServer(env, [], main);
    running.push(server);
    return server;
  }

  /** Starts a worker without a gateway, in place of the one before. */
  async function replaceWorker(file: string): Promise<number | null> {
    const before = worker;
    worker = start([file], { ...env, WORKER_PORT: '0' });
    await expect.poll(() => worker?.output.stdout).toContain('"worker ready"');
    return before === undefined ? 0 : (await before.end('SIGTERM')).code;
  }

  /** Takes out the oldest instance, and puts one of this build in its place. */
  async function replaceOldest(main: string): Promise<number | null> {
    const oldest = balancer.instances.shift();
    balancer.instances.push((await startOne(main)).url);
    const { code } = (await running.find(({ url }) => url === oldest)?.end('SIGTERM')) ?? {};
    return code ?? null;
  }

  it('fails no request, loses and doubles no write and no job, and holds up nobody while it migrates', async () => {
    if (previous === undefined) return;
    const main = 'dist/main.js';
    const workers: (number | null)[] = [];
    // Both are gateways with workers in them, and one worker is apart.
    workers.push(await replaceWorker(previous.command('worker')));
    for (let count = 0; count < 2; count += 1) balancer.instances.push((await startOne(previous.main)).url);
    const issuer = localIssuer(await dataDirIssuerKey(join(folder, 'data')));
    const token = async (): Promise<string> =>
      await issuer.issue({ subject: 'upgrade', customerId: '0'.repeat(24), level: 'ADMIN' }, '3h');
    const writers = await startWriters(
      { token, devices: ids.map((id) => ({ id, customer: '', macAddress: '' })) },
      WRITERS,
      () => balancer.url,
    );
    const subscribers = startSubscribers(SUBSCRIBERS, {
      token,
      ids,
      instances: balancer.instances,
      read: async () => await readVersions(await token()),
    });
    await delay(PHASE_MS);
    const longestLock = watchMigrationLocks(sql);
    const migratedAt = performance.now();
    const { code, stderr } = await start(['dist/commands/db-deploy.js'], env).ended;
    const migrated = performance.now();
    const lockMs = await longestLock();
    expect([code, stderr]).toEqual([0, '']);
    const ends: (number | null)[] = [];
    // Forward: old and new side by side, then new alone.
    for (let count = 0; count < 2; count += 1) {
      ends.push(await replaceOldest(main));
      await delay(PHASE_MS);
    }
    workers.push(await replaceWorker('dist/commands/worker.js'));
    const keyed = await updateWithKey(await token());
    // And back again, on the schema of the new one.
    for (let count = 0; count < 2; count += 1) {
      ends.push(await replaceOldest(previous.main));
      await delay(PHASE_MS);
    }
    workers.push(await replaceWorker(previous.command('worker')));
    ends.push(await replaceOldest(main));
    await writers.stop();
    // The last thing that subscribers hear of each.
    for (const id of ids) await touch(await token(), id);
    const failed = writers.replies.filter(({ outcome }) => outcome !== 'done');
    const held = writers.replies
      .filter(({ startedAt, endedAt }) => endedAt >= migratedAt && startedAt <= migrated)
      .map(({ startedAt, endedAt }) => endedAt - startedAt);
    const behind = async (): Promise<number> => await subscribersBehind(subscribers.known);
    await expect.poll(behind).toBe(0);
    const ledger = await settled(writers.replies.map(({ requestId }) => requestId));
    row('upgrade', {
      devices: DEVICES,
      requests: writers.replies.length,
      failed: tally(failed.map(({ outcome }) => outcome)),
      'updates/s': throughput(writers.replies, migrated, performance.now()),
      'migrations ms': migrated - migratedAt,
      'longest wait for a lock of a migration ms': lockMs,
      'longest update meanwhile ms': quantile(held, 1),
      ...ledger,
      subscribers: SUBSCRIBERS,
      subscriptions: subscribers.subscriptions(),
      'ended by': tally(subscribers.ends),
      'out of order': subscribers.outOfOrder(),
      'subscribers behind': await behind(),
    });
    await subscribers.stop();
    expect(subscribers.outOfOrder()).toBe(0);
    expect(subscribers.subscriptions()).toBeGreaterThan(SUBSCRIBERS);
    expect(workers).toEqual([0, 0, 0]);
    expect(failed).toEqual([]);
    expect(ledger).toMatchObject({ lost: 0, doubled: 0, open: 0, 'sent twice': 0, behind: 0 });
    expect(new Set(ends)).toEqual(new Set([0]));
    if (isWhole) expect(lockMs).toBeLessThanOrEqual(MAX_LOCK_MS);
    // A key from before the way back still holds.
    expect(await updateWithKey(await token(), balancer.instances.at(-1))).toEqual(keyed);
  }, 3_600_000);

  async function touch(token: string, id: string): Promise<void> {
    const { errors } = await queryAt(
      balancer.url,
      'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "last" }) { version } }',
      { token, variables: { id }, headers: { 'x-request-id': `last-${id}` } },
    );
    expect(errors).toEqual([]);
  }

  async function readVersions(token: string): Promise<ReadonlyMap<string, number>> {
    const { data } = await queryAt(
      balancer.url,
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id version } }',
      { token, variables: { ids } },
    );
    return new Map(versionsOf.parse(data).networkDevices.map(({ id, version }) => [id, version]));
  }

  /** How many subscribers do not know the newest version of each device. */
  async function subscribersBehind(known: readonly ReadonlyMap<string, number>[]): Promise<number> {
    const { rows } = await sql.query<{ id: string; version: number }>(
      'SELECT id, version FROM network_device WHERE id = ANY($1)',
      [ids],
    );
    return known.filter((versions) => rows.some(({ id, version }) => versions.get(id) !== version)).length;
  }

  /** One call with an idempotency key, which only this build knows. @returns the version that it made */
  async function updateWithKey(token: string, url = balancer.instances[0] ?? ''): Promise<unknown> {
    const { data, errors } = await queryAt(
      url,
      'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "keyed" }, idempotencyKey: "upgrade") { id } }',
      { token, variables: { id: ids[0] } },
    );
    expect(errors).toEqual([]);
    const { rows } = await sql.query(
      `SELECT count(*)::integer AS effects FROM device_audit WHERE request_id LIKE 'gw-%' AND subject = 'upgrade'`,
    );
    return [data, rows];
  }

  /** What became of the writes and their jobs, once nothing is open. */
  async function settled(requestIds: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const open = async (): Promise<number> =>
      Number(
        (await sql.query(`SELECT 1 FROM provisioning_job WHERE state IN ('QUEUED', 'RUNNING')`)).rowCount,
      );
    await expect.poll(open, { interval: 250 }).toBe(0);
    const { rows } = await sql.query<{ id: string }>(
      String.raw`SELECT regexp_replace(request_id, '\.[\w-]{11}$', '') AS id FROM device_audit WHERE subject = 'upgrade'`,
    );
    const effects = new Map<string, number>();
    for (const { id } of rows) effects.set(id, (effects.get(id) ?? 0) + 1);
    const attempts = southbound.arrivals.map(({ jobId, attempt }) => `${jobId}/${attempt}`);
    const sent = new Map<string, number>();
    for (const { deviceId, version } of southbound.arrivals)
      sent.set(deviceId, Math.max(version, sent.get(deviceId) ?? 0));
    const devices = await sql.query<{ id: string; last: number }>(
      `SELECT d.id, max(j.version) AS last FROM network_device d JOIN provisioning_job j ON j.device_id = d.id
       WHERE d.id = ANY($1) GROUP BY 1`,
      [ids],
    );
    return {
      lost: requestIds.filter((id) => !effects.has(id)).length,
      doubled: requestIds.filter((id) => (effects.get(id) ?? 0) > 1).length,
      open: await open(),
      'sent twice': attempts.length - new Set(attempts).size,
      behind: devices.rows.filter(({ id, last }) => (sent.get(id) ?? 0) < last).length,
    };
  }
});
