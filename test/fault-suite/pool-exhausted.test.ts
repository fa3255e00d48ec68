import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { took } from './support/client.js';
import { quantile, row, tally } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { wellAgain } from '../support/sizes.js';
import { recoveredAfter, settle, startWriters, throughput, writerOf } from './support/writers.js';

const CLIENTS = 64;
const LOCKED_MS = 12_000;

/** The longest that a write waits: 1 s for its turn, or more when connections are to be had soon (persistence/database/batched.ts); 4.5 s for one and 4 s for a lock. */
const WAITS_AT_MOST_MS = 9_500;

const WELL_AGAIN = wellAgain(0.8);

const IDLE = `SELECT pid FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'device-gateway' AND state LIKE 'idle in transaction%'`;

let rig: Rig;
let gateway: ServerProcess;
beforeAll(async () => {
  rig = await startRig(8);
  gateway = await rig.startGateway();
});
afterAll(async () => {
  await rig.close();
});

/** Nobody else gets at the devices for a while. */
async function lockDevices(): Promise<void> {
  const client = new pg.Client({ connectionString: rig.databaseUrl() });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE network_device IN ACCESS EXCLUSIVE MODE');
  await delay(LOCKED_MS);
  await client.query('ROLLBACK');
  await client.end();
}

it(`${CLIENTS} clients whose statements do not end are told in time, and afterwards everything is as before`, async () => {
  const writers = await startWriters(rig, CLIENTS, () => gateway.url);
  await delay(2_000);
  const warmAt = performance.now();
  await delay(4_000);
  const lockedAt = performance.now();
  await lockDevices();
  const freeAt = performance.now();
  await delay(7_000);
  await writers.stop();
  const before = throughput(writers.replies, warmAt, lockedAt);
  const recovered = recoveredAfter(writers.replies, freeAt, before * WELL_AGAIN);
  const during = writers.replies.filter(({ startedAt, endedAt }) => endedAt > lockedAt && startedAt < freeAt);
  const slowest = quantile(took(during), 1);
  // So long this machine takes for the work itself, with as many clients.
  const working = quantile(took(writers.replies.filter(({ endedAt }) => endedAt < lockedAt)), 0.95);
  const refused = during.filter(({ outcome }) => outcome !== 'done');
  const ledger = await settle(rig, writers.replies);
  row('pool exhausted', {
    'baseline updates/s': before,
    [`at ${WELL_AGAIN} of it again after ms`]: recovered,
    'baseline slow answer ms': working,
    'slowest answer ms': slowest,
    refused: tally(refused.map(({ outcome }) => outcome)),
    ...ledger,
  });
  // Each is told: the lock is held for longer than a write waits.
  expect(new Set(refused.map(({ requestId }) => writerOf(requestId))).size).toBe(CLIENTS);
  expect(refused.filter(({ isRetryable }) => !isRetryable)).toEqual([]);
  expect(slowest).toBeLessThanOrEqual(WAITS_AT_MOST_MS + working);
  expect(await rig.rows(IDLE)).toEqual([]);
  expect(ledger.lost).toBe(0);
  expect(recovered).toBeLessThanOrEqual(7_000);
});
