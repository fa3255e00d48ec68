import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { ServerProcess } from '../support/processes.js';
import { ask, type Reply } from './support/client.js';
import { row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

const CUTS = size(50, 6);
const READ = 'query ($id: ID!) { networkDevice(id: $id) { version notes } }';
const UPDATE = `mutation ($id: ID!, $notes: String!, $expectedVersion: Int) {
  updateNetworkDevice(id: $id, input: { notes: $notes }, expectedVersion: $expectedVersion) { version notes }
}`;
const seen = z.object({ networkDevice: z.object({ version: z.int(), notes: z.string() }) });

let rig: Rig;
let gateway: ServerProcess;
let token: string;
beforeAll(async () => {
  rig = await startRig(1);
  gateway = await rig.startGateway();
  token = await rig.token('MANAGER');
});
afterAll(async () => {
  await rig.close();
});

let requests = 0;
async function tell(query: string, more: Readonly<Record<string, unknown>> = {}): Promise<Reply> {
  requests += 1;
  const variables = { id: rig.devices[0]?.id, ...more };
  return await ask({ url: gateway.url, token, requestId: `cut-${requests}`, query, variables });
}
async function look(): Promise<{ readonly version: number; readonly notes: string }> {
  return seen.parse((await tell(READ)).data).networkDevice;
}

/** Lets the next write be cut off, before or after the database has it. @returns whether one was */
function cutNextWrite(verdict: 'cut-before' | 'cut-after'): () => boolean {
  let isCut = false;
  rig.proxy.judge = (chunk) => {
    if (isCut || !chunk.includes('write-device')) return 'pass';
    isCut = true;
    return verdict;
  };
  return () => isCut;
}

it(`a connection cut ${CUTS} times in the middle of a write: OUTCOME_UNKNOWN, and a repeat with expectedVersion ends right`, async () => {
  const repeats: string[] = [];
  for (let cut = 0; cut < CUTS; cut += 1) {
    const notes = `Cut ${cut}`;
    const { version } = await look();
    const wasCut = cutNextWrite(cut % 2 === 0 ? 'cut-after' : 'cut-before');
    const { outcome } = await tell(UPDATE, { notes });
    expect([outcome, wasCut()]).toEqual(['OUTCOME_UNKNOWN', true]);

    // What the contract tells clients to do: read, then repeat with expectedVersion unless it is there.
    const found = await look();
    const repeat =
      found.notes === notes
        ? 'not needed'
        : (await tell(UPDATE, { notes, expectedVersion: version })).outcome;
    repeats.push(repeat);
    // A write that was still on its way when the client looked makes the repeat a conflict, and is there afterwards.
    if (repeat === 'VERSION_CONFLICT') await delay(100);
    expect(['not needed', 'done', 'VERSION_CONFLICT']).toContain(repeat);
    expect(await look()).toEqual({ version: version + 1, notes });
  }
  const count = (wanted: string): number => repeats.filter((repeat) => repeat === wanted).length;
  row('write cut off', {
    cuts: CUTS,
    'was written': count('not needed'),
    'was written late': count('VERSION_CONFLICT'),
    'was not written': count('done'),
  });
  expect(count('done')).toBeGreaterThan(0);
  expect(count('done')).toBeLessThan(CUTS);
});
