import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';
import { settle, startWriters, throughput } from './support/writers.js';

const KILLS = size(20, 3);
const WRITERS = 16;

let rig: Rig;
beforeAll(async () => {
  rig = await startRig(8);
});
afterAll(async () => {
  await rig.close();
});

it(`a gateway killed ${KILLS} times under ${WRITERS} writers loses no acknowledged update and writes none by half`, async () => {
  let gateway = await rig.startGateway();
  const writers = await startWriters(rig, WRITERS, () => gateway.url);
  const startedAt = performance.now();
  await delay(2_000);
  const baseline = throughput(writers.replies, startedAt + 500, startedAt + 2_000);
  for (let kill = 0; kill < KILLS; kill += 1) {
    const { code } = await gateway.end('SIGKILL');
    // A gateway that had ended by itself could not be killed.
    expect(code).toBeNull();
    gateway = await rig.startGateway();
    const done = writers.replies.length;
    await delay(300 + 700 * Math.random());
    // It is killed in the midst of its work.
    await expect.poll(() => writers.replies.length).toBeGreaterThan(done);
  }
  await writers.stop();
  const ledger = await settle(rig, writers.replies);
  row('gateway killed', { kills: KILLS, 'baseline updates/s': baseline, ...ledger });
  expect(ledger.lost).toBe(0);
}, 300_000);
