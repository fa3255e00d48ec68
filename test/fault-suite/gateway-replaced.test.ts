import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Balancer, startBalancer } from './support/balancer.js';
import { quantile, row, tally } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';
import { settle, startWriters, throughput } from './support/writers.js';

const STOPS = size(20, 2);
const GRACE_MS = 10_000;

let rig: Rig;
let balancer: Balancer;
beforeAll(async () => {
  rig = await startRig(8);
  balancer = await startBalancer();
});
afterAll(async () => {
  await balancer.close();
  await rig.close();
});

it(`two instances behind a balancer, replaced in turn ${STOPS} times under load: no request fails`, async () => {
  const start = async () => await rig.startGateway({ SHUTDOWN_GRACE_MS: String(GRACE_MS) });
  const gateways = [await start(), await start()];
  balancer.instances.push(...gateways.map(({ url }) => url));
  const writers = await startWriters(rig, 16, () => balancer.url);
  const startedAt = performance.now();
  await delay(2_000);
  const baseline = throughput(writers.replies, startedAt + 500, startedAt + 2_000);
  const ends: (number | null)[] = [];
  const took: number[] = [];
  for (let stop = 0; stop < STOPS; stop += 1) {
    const next = await start();
    gateways.push(next);
    // The balancer goes on trying the old one until it is gone: nobody tells it in time.
    const askedAt = performance.now();
    const { code } = (await gateways.shift()?.end('SIGTERM')) ?? {};
    took.push(performance.now() - askedAt);
    ends.push(code ?? null);
    balancer.instances.splice(0, Infinity, ...gateways.map(({ url }) => url));
    await delay(300);
  }
  await writers.stop();
  const failed = writers.replies.filter(({ outcome }) => outcome !== 'done');
  const ledger = await settle(rig, writers.replies);
  row('gateway replaced', {
    stops: STOPS,
    'baseline updates/s': baseline,
    requests: writers.replies.length,
    failed: tally(failed.map(({ outcome }) => outcome)),
    'slowest stop ms': quantile(took, 1),
    ...ledger,
  });
  expect(failed).toEqual([]);
  expect(ledger).toMatchObject({ lost: 0, unacknowledged: 0 });
  expect(new Set(ends)).toEqual(new Set([0]));
  expect(Math.max(...took)).toBeLessThanOrEqual(GRACE_MS);
}, 300_000);
