import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dripFor } from '../support/dripping.js';
import type { ServerProcess } from '../support/processes.js';
import { median, quantile, row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';
import { startWriters, throughput } from './support/writers.js';

const SOCKETS = size(1_000, 200);

/** The time that a request may take to arrive, and what the look at all connections adds to it. */
const CLOSED_WITHIN_MS = 6_000 + 2_000;

let rig: Rig;
let gateway: ServerProcess;
beforeAll(async () => {
  rig = await startRig(4);
  gateway = await rig.startGateway();
});
afterAll(async () => {
  await rig.close();
});

it(`${SOCKETS} connections that drip are all closed in time, and good clients are served meanwhile`, async () => {
  const writers = await startWriters(rig, 4, () => gateway.url);
  const startedAt = performance.now();
  await delay(3_000);
  const drippedAt = performance.now();
  const left = await dripFor(gateway.url, SOCKETS, CLOSED_WITHIN_MS);
  const closedAt = performance.now();
  await writers.stop();
  const took = (from: number, to: number): readonly number[] =>
    writers.replies
      .filter((reply) => reply.endedAt >= from && reply.endedAt < to)
      .map((reply) => reply.endedAt - reply.startedAt);
  const [before, during] = [took(startedAt + 1_000, drippedAt), took(drippedAt, closedAt)];
  row('slow clients', {
    sockets: SOCKETS,
    'all closed after ms': closedAt - drippedAt,
    'baseline updates/s': throughput(writers.replies, startedAt + 1_000, drippedAt),
    'updates/s meanwhile': throughput(writers.replies, drippedAt, closedAt),
    'baseline median ms': median(before),
    'median ms meanwhile': median(during),
    'slowest ms meanwhile': quantile(during, 1),
  });
  expect(left).toBe(0);
  expect(writers.replies.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
  expect(quantile(during, 1)).toBeLessThan(2_000);
});
