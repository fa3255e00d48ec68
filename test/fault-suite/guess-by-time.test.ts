import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { ask } from './support/client.js';
import { median, row } from './support/figures.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

/** Ids that somebody asks for and guesses of whether there is such a device: every second one is of another customer. */
const TRIES = size(400, 200);

/** How often each is asked for; their median decides. */
const ASKS = size(20, 3);

/** Requests before anything is measured: caches fill and code is compiled. */
const WARM_UPS = size(500, 200);

/** A coin is right half the time; three standard errors of the half that is guessed lie above that. */
const MAX_RIGHT = size(0.6, 0.65);

let rig: Rig;
let gateway: ServerProcess;
let outsider: string;
beforeAll(async () => {
  rig = await startRig(TRIES / 2);
  gateway = await rig.startGateway({ DATABASE_URL: rig.databaseUrl() });
  outsider = newId();
  await rig.rows('INSERT INTO customer (id, name) VALUES ($1, $2)', [outsider, 'Somebody else']);
  await rig.rows('VACUUM ANALYZE');
});
afterAll(async () => {
  await rig.close();
});

/** One try: an id, what is true of it, and how long its answers took. */
interface Try {
  readonly id: string;
  readonly exists: boolean;
  readonly times: number[];
}

const QUERIES = [
  ['VIEWER', 'query ($id: ID!) { networkDevice(id: $id) { name } }'],
  ['VIEWER', 'query ($id: ID!) { networkDevices(ids: [$id]) { name } }'],
  [
    'MANAGER',
    'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Mine" }, dryRun: true) { name } }',
  ],
] as const;

describe('the time that a refusal takes does not show whether a device of somebody else exists', () => {
  it.each(QUERIES)(
    '%s: %s',
    async (level, query) => {
      const token = await rig.token(level, outsider);
      const request = { url: gateway.url, token, requestId: 'guess-by-time', query };
      const tries = rig.devices.flatMap(({ id }): Try[] => [
        { id, exists: true, times: [] },
        { id: newId(), exists: false, times: [] },
      ]);
      const refusals = new Set<string>();
      for (let warmUp = 0; warmUp < WARM_UPS; warmUp += 1)
        await ask({ ...request, variables: { id: newId() } });
      for (let round = 0; round < ASKS; round += 1) {
        for (const { id, times } of tries) {
          const { startedAt, endedAt, data, outcome } = await ask({ ...request, variables: { id } });
          refusals.add(`${outcome} ${JSON.stringify(data)}`);
          times.push(endedAt - startedAt);
        }
      }
      expect([...refusals]).toHaveLength(1);
      const byOne = rightGuesses(tries, (times) => times[0] ?? NaN);
      const byMedian = rightGuesses(tries, median);
      row(`guesses by time, ${level}: ${query.slice(0, 40)}`, {
        tries: TRIES,
        'right by one answer': byOne,
        [`right by the median of ${ASKS}`]: byMedian,
      });
      expect(byMedian).toBeLessThanOrEqual(MAX_RIGHT);
      expect(byOne).toBeLessThanOrEqual(MAX_RIGHT);
    },
    300_000,
  );

  it('and a difference of half of what times vary by would be seen', () => {
    const tries = Array.from({ length: TRIES }, (_, index): Try => {
      const exists = index % 2 === 0;
      return { id: '', exists, times: [2 + ((index * 0.618) % 1) + (exists ? 0.5 : 0)] };
    });
    expect(rightGuesses(tries, median)).toBeGreaterThan(MAX_RIGHT);
  });
});

/** Learns from one half of the tries which times mean that there is a device, and guesses the other half. @returns the share that is right */
function rightGuesses(tries: readonly Try[], figure: (times: readonly number[]) => number): number {
  const seen = tries.map(({ exists, times }) => ({ exists, time: figure(times) }));
  // Pairs, so that each half has as many of both kinds.
  const half = (of: 0 | 1): typeof seen => seen.filter((_, index) => Math.floor(index / 2) % 2 === of);
  const rules = half(0).flatMap(({ time: border }) =>
    [true, false].map((isSlow) => (time: number) => time > border === isSlow),
  );
  const share = (rule: (time: number) => boolean, of: typeof seen): number =>
    of.filter(({ exists, time }) => rule(time) === exists).length / of.length;
  const learnt = rules.reduce((best, rule) => (share(rule, half(0)) > share(best, half(0)) ? rule : best));
  return share(learnt, half(1));
}

function newId(): string {
  return randomBytes(12).toString('hex');
}
