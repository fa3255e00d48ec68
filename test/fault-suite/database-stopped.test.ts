import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { send, took } from './support/client.js';
import { median, quantile, row, tally } from './support/figures.js';
import { mayBreakServer, type OwnPostgres } from './support/own-postgres.js';
import { type Rig, startBreakableRig } from './support/rig.js';
import { size, wellAgain } from '../support/sizes.js';
import { recoveredAfter, settle, startWriters, throughput } from './support/writers.js';

const STOPS = size(5, 1);
const FREEZE_MS = 10_000;
const WRITERS = 16;
const WELL_AGAIN = wellAgain(0.5);

/** What the gateway lets a request wait for a connection and then for an answer of the database (persistence/database/database.ts). */
const ANSWER_TIMEOUT_MS = 10_000;

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

  it.each([
    ['its processes stand still', async () => await postgres.freeze(), async () => await postgres.thaw()],
    [
      'the network goes silent',
      async () => {
        rig.proxy.pause();
        await Promise.resolve();
      },
      async () => {
        rig.proxy.resume();
        await Promise.resolve();
      },
    ],
  ])(
    '%s for 10 s: every answer in time, not ready within 2 s, well within 5 s',
    async (name, freeze, thaw) => {
      const readiness = (): Promise<readonly [status: number, at: number]> =>
        send(new URL('/health/ready', gateway.url).href, 'GET', '', {}).then(
          ({ status, endedAt }) => [status, endedAt] as const,
        );
      const writers = await startWriters(rig, WRITERS, () => gateway.url);
      const startedAt = performance.now();
      await delay(3_000);
      const frozenAt = performance.now();
      const baseline = throughput(writers.replies, startedAt + 1_000, frozenAt);
      expect((await readiness())[0]).toBe(200);
      await freeze();
      const unreadySince = performance.now();
      const [status, unreadyAt] = await readiness();
      await delay(FREEZE_MS - (performance.now() - unreadySince));
      await thaw();
      const thawedAt = performance.now();
      await delay(7_000);
      const [statusAfter] = await readiness();
      await writers.stop();
      const refused = writers.replies.filter(({ outcome }) => outcome !== 'done');
      const slowest = quantile(took(writers.replies), 1);
      // So long this machine takes for the work itself.
      const working = quantile(took(writers.replies.filter(({ endedAt }) => endedAt < frozenAt)), 0.95);
      const lastRefused = Math.max(...refused.map(({ endedAt }) => endedAt)) - thawedAt;
      const recovered = recoveredAfter(writers.replies, thawedAt, baseline * WELL_AGAIN);
      const ledger = await settle(rig, writers.replies);
      row(`database silent, ${name}`, {
        'baseline updates/s': baseline,
        [`at ${WELL_AGAIN} of it again after ms`]: recovered,
        'baseline slow answer ms': working,
        'slowest answer ms': slowest,
        'unready after ms': unreadyAt - unreadySince,
        'last refusal ms after': lastRefused,
        refused: tally(refused.map(({ outcome }) => outcome)),
        ...ledger,
      });
      expect(refused.length).toBeGreaterThan(0);
      expect(
        refused.filter(({ outcome, isRetryable }) => outcome !== 'OUTCOME_UNKNOWN' && !isRetryable),
      ).toEqual([]);
      expect(ledger.lost).toBe(0);
      expect(slowest).toBeLessThanOrEqual(ANSWER_TIMEOUT_MS + 500 + working);
      expect([status, statusAfter]).toEqual([503, 200]);
      expect(unreadyAt - unreadySince).toBeLessThanOrEqual(2_000);
      expect(lastRefused).toBeLessThanOrEqual(5_000);
      expect(recovered).toBeLessThanOrEqual(5_000);
    },
    60_000,
  );
});
