import { readFile } from 'node:fs/promises';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantile, row } from './support/figures.js';
import { fillDevices } from './support/full-devices.js';
import { HEAP_ARGS, viewHeap } from './support/heap.js';
import { type Load, type LoadResult, startLoad } from './support/load.js';
import { cpuMs } from './support/process-cpu.js';
import { type Rig, startRig } from './support/rig.js';
import { type Siege, startSiege } from './support/siege.js';
import { size } from '../support/sizes.js';

/** Windows of attack, each followed by one without; between them what is suspicious is sent again, alone. */
const ATTACK_MS = size(20_000, 4_000);
const CALM_MS = size(5_000, 800);
const WINDOWS = size(30, 3);

/** Variations of a window: in the short form the same ones on any machine that is not too slow for them. */
const TURNS = size(Infinity, 60);

/** After this window the heap is looked at for the first time: caches are full by then, but for those of the short form. */
const SETTLED_WINDOW = size(6, 1);
const MAX_HEAP_GROWTH = size(1.2, 1.5);

/** As `npm start` has them, but for the heap that is looked at. */
const NODE_ARGS = ['--enable-source-maps', ...HEAP_ARGS];

/** Clients that want an answer at a fixed rate, and how much later than without an attack the slowest twentieth may get it. */
const GOOD_PER_SECOND = 20;
const MAX_SLOWER = 3;

/** The short form sends the same variations each time, the whole suite others in each run. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? size(Date.now() % 2 ** 31, 1));

/** One variation of a seed, once and no more; all of them when absent. */
const ONLY_TURN = process.env['HOSTILE_TURN'];

/** Devices that good clients read and write; as many others hold as much as a device may. */
const DEVICES = 12;

let rig: Rig;
let load: Load;
let schema: GraphQLSchema;
beforeAll(async () => {
  rig = await startRig(2 * DEVICES);
  load = await startLoad(rig.databaseUrl());
  schema = buildSchema(await readFile('schema.graphql', 'utf8'), { assumeValidSDL: true });
  const full = rig.devices.slice(DEVICES).map(({ id }) => id);
  await fillDevices(rig, full);
});
afterAll(async () => {
  await load.stop();
  await rig.close();
});

const QUESTIONS: readonly string[] = [
  ...Array.from(
    { length: 3 },
    () => 'query ($id: ID!) { networkDevice(id: $id) { id version name wifi { ssid } customer { name } } }',
  ),
  'mutation ($id: ID!, $name: String!) { updateNetworkDevice(id: $id, input: { name: $name }) { version } }',
];

describe.each([
  { who: 'a stranger', level: undefined, boundMs: 150 },
  { who: 'a viewer', level: 'VIEWER', boundMs: 1_000 },
] as const)('hostile variations by $who', ({ who, level, boundMs }) => {
  it(`${(WINDOWS * ATTACK_MS) / 1_000} s: every answer is sound and cheap, memory stays, others are served`, async () => {
    const env = { DATABASE_URL: rig.databaseUrl(), RATE_LIMIT: '6000' };
    const gateway = await rig.startGateway(env, NODE_ARGS);
    const heap = await viewHeap(gateway);
    const authorization = level === undefined ? undefined : `Bearer ${await rig.token(level)}`;
    const models = await rig.rows('SELECT id FROM device_model LIMIT 3');
    const ids = [...rig.devices.slice(DEVICES - 2), ...models].map(({ id }) => String(id));
    const world = { schema, ids: [...ids, rig.customer], authorization };
    const firstTurn = Number(ONLY_TURN ?? 0);
    const siege = await startSiege({ gateway, world, seed: SEED, firstTurn, boundMs });

    const job = {
      url: gateway.url,
      token: await rig.token('MANAGER'),
      ids: rig.devices.slice(0, DEVICES).map(({ id }) => id),
      questions: QUESTIONS,
      perSecond: GOOD_PER_SECOND,
    };
    const cpu = async (): Promise<number> => await cpuMs(gateway.child.pid ?? NaN);
    const calm: LoadResult[] = [];
    const attacked: LoadResult[] = [];
    const usedMb: number[] = [];
    await load.run({ ...job, windowMs: CALM_MS });
    for (let window = 0; window < (ONLY_TURN === undefined ? WINDOWS : 1); window += 1) {
      const before = await cpu();
      calm.push(await load.run({ ...job, windowMs: CALM_MS }));
      const backgroundCpu = ((await cpu()) - before) / CALM_MS;
      attacked.push(await besieged(siege, backgroundCpu, () => load.run({ ...job, windowMs: ATTACK_MS })));
      await siege.confirm();
      if (window + 1 >= SETTLED_WINDOW) usedMb.push(await heap.usedMb());
    }
    heap.close();
    report(`${who}, seed ${SEED}`, siege, { calm, attacked, usedMb });

    expect(siege.broken).toEqual([]);
    expect(gateway.child.exitCode).toBeNull();
    expect(usedMb.at(-1)).toBeLessThanOrEqual((usedMb[0] ?? NaN) * MAX_HEAP_GROWTH);
    const slower = p95(attacked, 'times') / p95(calm, 'times');
    const slowerMachine = Math.max(1, p95(attacked, 'controlTimes') / p95(calm, 'controlTimes'));
    expect(slower).toBeLessThanOrEqual(size(MAX_SLOWER * slowerMachine, Infinity));
  }, 1_800_000);
});

/** One window of load with the attack beside it. */
async function besieged(
  siege: Siege,
  backgroundCpu: number,
  underLoad: () => Promise<LoadResult>,
): Promise<LoadResult> {
  let isOver = false;
  const attack = siege.attack(backgroundCpu, ONLY_TURN === undefined ? TURNS : 1, () => isOver);
  const result = await underLoad();
  isOver = true;
  await attack;
  return result;
}

function p95(windows: readonly LoadResult[], of: 'times' | 'controlTimes'): number {
  return quantile(
    windows.flatMap((window) => window[of]),
    0.95,
  );
}

function report(
  name: string,
  { kinds, broken }: Siege,
  figures: Readonly<Record<'calm' | 'attacked', readonly LoadResult[]>> & {
    readonly usedMb: readonly number[];
  },
): void {
  const { calm, attacked, usedMb } = figures;
  const worst = [...kinds].sort(([, a], [, b]) => b.worstMs - a.worstMs);
  row(`hostile variations, ${name}`, {
    requests: worst.reduce((sum, [, { steps }]) => sum + steps, 0),
    'bounds broken': broken.length,
    'worst CPU ms beside the load': worst
      .slice(0, 8)
      .map(([kind, { steps, worstMs }]) => `${kind} ${Math.round(worstMs)} (of ${steps})`)
      .join('; '),
    'heap MB': usedMb.map((megabytes) => megabytes.toFixed(1)).join(' '),
    'p95 ms of others, calm': p95(calm, 'times'),
    attacked: p95(attacked, 'times'),
    'of a server that asks the database for nothing, calm': p95(calm, 'controlTimes'),
    'the same, attacked': p95(attacked, 'controlTimes'),
    outcomes: [...new Set(attacked.flatMap(({ outcomes }) => Object.keys(outcomes)))].join(', '),
  });
}
