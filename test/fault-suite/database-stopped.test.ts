import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { median, row, tally } from './support/figures.js';
import { mayBreakServer, type OwnPostgres } from './support/own-postgres.js';
import { type Rig, startBreakableRig } from './support/rig.js';
import { size } from './support/sizes.js';
import { settle, startWriters, throughput } from './support/writers.js';

const STOPS = size(5, 1);
const WRITERS = 16;

// The server of TEST_DATABASE_URL is not ours to stop.
describe.skipIf(!mayBreakServer)('a database server that goes away', () => {
  let rig: Rig;
  let postgres: OwnPostgres;
  let gateway: ServerProcess;
  beforeAll(async () => {
    ({ rig, postgres } = await startBreakableRig(8));
    gateway = await rig.startGateway();
  });
  afterAll(async () => {
    await rig.close();
  });

  it(`stopped at once ${STOPS} times: nothing acknowledged is lost, and writes succeed 2 s after it is back`, async () => {
    const writers = await startWriters(rig, WRITERS, () => gateway.url);
    const startedAt = performance.now();
    await delay(2_000);
    const baseline = throughput(writers.replies, startedAt + 500, startedAt + 2_000);
    const backAfter: number[] = [];
    for (let stop = 0; stop < STOPS; stop += 1) {
      await postgres.stopImmediately();
      await delay(1_000);
      await postgres.start();
      rig.proxy.targetPort = Number(new URL(postgres.url()).port);
      const isBackAt = performance.now();
      await delay(2_500);
      const first = writers.replies.find(({ outcome, endedAt }) => outcome === 'done' && endedAt > isBackAt);
      backAfter.push((first?.endedAt ?? NaN) - isBackAt);
    }
    await writers.stop();
    const ledger = await settle(rig, writers.replies);
    const refused = writers.replies.filter(({ outcome }) => outcome !== 'done');
    row('database stopped', {
      stops: STOPS,
      'baseline updates/s': baseline,
      'worst first success ms': Math.max(...backAfter),
      'median ms': median(backAfter),
      refused: tally(refused.map(({ outcome }) => outcome)),
      ...ledger,
    });
    expect(refused.length).toBeGreaterThan(0);
    const unclear = refused.filter(
      ({ outcome, isRetryable }) => outcome !== 'OUTCOME_UNKNOWN' && !isRetryable,
    );
    expect(unclear).toEqual([]);
    expect(ledger.lost).toBe(0);
    expect(Math.max(...backAfter)).toBeLessThanOrEqual(2_000);
  });
});
