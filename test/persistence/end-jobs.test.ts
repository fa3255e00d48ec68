import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/persistence/database/database.js';
import {
  type ClaimedJob,
  type ProvisioningQueue,
  provisioningQueue,
} from '../../src/persistence/jobs/claim-jobs.js';
import { codesOf, deleteDevice, readDeletion } from '../api/delete-network-device/delete.js';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';

describe('attempts that end at once', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  let database: Database;
  let statements: string[];
  let queue: ProvisioningQueue;
  let jobs: readonly ClaimedJob[];

  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway({ ...southbound.removalEnv, PROVISIONING_WORKER: 'false' });
    database = openDatabase(gateway.env['DATABASE_URL'] ?? '', () => undefined);
  });
  beforeEach(async () => {
    for (let count = 0; count < 4; count += 1) await createDevice(gateway, { state: 'PROVISIONING' });
    statements = [];
    queue = provisioningQueue(async (statement, values) => {
      statements.push(statement.name ?? '');
      return await database.run(statement, values);
    });
    jobs = await queue.claim(10, 60_000);
    expect(jobs).toHaveLength(4);
    statements = [];
  });
  afterAll(async () => {
    await database.close();
    await gateway.stop();
    await southbound.close();
  });

  const states = async (): Promise<readonly unknown[]> => {
    const { rows } = await gateway.sql.query<{ progress: string }>(
      `SELECT concat_ws(' ', d.state, d.jobs, d.running_job_id IS NULL, j.state) AS progress
       FROM unnest($1::text[]) WITH ORDINALITY AS wanted(id, place)
       JOIN network_device d ON d.id = wanted.id JOIN provisioning_job j ON j.device_id = d.id ORDER BY place`,
      [jobs.map(({ device }) => device.id)],
    );
    return rows.map(({ progress }) => progress);
  };
  const endAll = async (errorOfSecond: string | undefined) =>
    await Promise.allSettled(
      jobs.map(async (job, index) =>
        index === 1 && errorOfSecond !== undefined
          ? await queue.end(job, { state: 'FAILED', error: errorOfSecond, why: 'refused' })
          : await queue.end(job, { state: 'APPLIED' }),
      ),
    );

  it('are ended in one statement', async () => {
    const ends = await endAll('No.');
    expect(ends.map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
    expect(statements).toEqual(['end-jobs']);
    expect(await states()).toEqual([
      'ACTIVE 0 t APPLIED',
      'ACTIVE 0 t FAILED',
      'ACTIVE 0 t APPLIED',
      'ACTIVE 0 t APPLIED',
    ]);
  });

  it('are ended in one statement with a removal, whose device goes', async () => {
    const device = await createDevice(gateway);
    expect(codesOf(await deleteDevice(gateway, device))).toEqual([]);
    const [removal] = await queue.claim(1, 60_000);
    if (removal === undefined) throw new Error('There is no removal.');
    statements = [];
    await Promise.all([...jobs, removal].map(async (job) => await queue.end(job, { state: 'APPLIED' })));
    expect(statements).toEqual(['end-jobs-with-removals']);
    expect(await states()).toEqual(Array(4).fill('ACTIVE 0 t APPLIED'));
    expect(await readDeletion(gateway, device)).toBe('ACCESS_DENIED');
  });

  it('an end that comes after another waits for more of them', async () => {
    const [first, second, ...others] = jobs;
    if (first === undefined || second === undefined) throw new Error('There are no jobs.');
    const begin = performance.now();
    await queue.end(first, { state: 'APPLIED' });
    await Promise.all([second, ...others].map(async (job) => await queue.end(job, { state: 'APPLIED' })));
    // Timers may be a millisecond early.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(19);
    expect(statements).toEqual(['end-jobs', 'end-jobs']);
  });

  it('one that cannot be stored fails alone', async () => {
    const ends = await endAll('x'.repeat(501));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await states()).toEqual([
      'ACTIVE 0 t APPLIED',
      'PROVISIONING 1 f RUNNING',
      'ACTIVE 0 t APPLIED',
      'ACTIVE 0 t APPLIED',
    ]);
    const [, second] = jobs;
    if (second !== undefined) await queue.end(second, { state: 'APPLIED' });
  });

  it('a device that somebody else holds keeps none of the others waiting, and is ended in the end', async () => {
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM network_device WHERE id = $1 FOR UPDATE', [jobs[1]?.device.id]);
    const ended = new Set<number>();
    const ends = jobs.map(async (job, index) => {
      await queue.end(job, { state: 'APPLIED' });
      ended.add(index);
    });
    try {
      await expect.poll(() => ended, { timeout: 3_000 }).toEqual(new Set([0, 2, 3]));
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    await Promise.all(ends);
    expect(await states()).toEqual(Array(4).fill('ACTIVE 0 t APPLIED'));
  });

  it('a lease that was lost ends nothing', async () => {
    const [job] = jobs;
    if (job === undefined) throw new Error('There is no job.');
    expect(await queue.end({ ...job, lease: crypto.randomUUID() }, { state: 'APPLIED' })).toBe(false);
    expect((await states())[0]).toBe('PROVISIONING 1 f RUNNING');
    for (const each of jobs) await queue.end(each, { state: 'APPLIED' });
  });
});
