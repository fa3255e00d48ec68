import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { median, quantile, row, slope } from './support/figures.js';
import { HEAP_ARGS, viewHeap } from './support/heap.js';
import { type Load, startLoad } from './support/load.js';
import { cpuMs } from './support/process-cpu.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

/** Windows of this length; the heap is looked at between them. */
const WINDOW_MS = size(60_000, 2_000);
const WINDOWS = size(10, 10);
const CLIENTS = 8;

/** Caches fill and code is compiled in the first windows. */
const WARM_UP_WINDOWS = size(3, 4);

/** Megabytes a minute after the warm-up; the short form ends while the heap is still settling, and sees only what leaks with every request. */
const MAY_RISE = size(1, 10);

/** How much slower the end may be than the beginning; a short window has few requests beyond its 99th percentile. */
const MAY_SLOW_DOWN = size(1.5, 2);

/** Windows at the beginning and at the end that are compared by their median: a minute each, or short ones against chance. */
const AT_EACH_END = size(1, 3);

let rig: Rig;
let gateway: ServerProcess;
let load: Load;
beforeAll(async () => {
  rig = await startRig(50);
  // Past the proxy, which is a part of the test's own process.
  const env = { DATABASE_URL: rig.databaseUrl(), PROVISIONING_WORKER: 'true', SIMULATED_DEVICE_MS: '10' };
  gateway = await rig.startGateway(env, HEAP_ARGS);
  load = await startLoad();
});
afterAll(async () => {
  await load.stop();
  await rig.close();
});

const FIELDS =
  'id version name wifi { ssid } dhcp { reservedClients { mac ip } } model { name } customer { name } status { online }';

/** What clients of all kinds ask, by weight; `$n` differs each time. */
const QUESTIONS: readonly string[] = [
  ...Array.from({ length: 5 }, () => `query ($id: ID!) { networkDevice(id: $id) { ${FIELDS} } }`),
  `{ networkDeviceConnection(first: 20) { totalCount nodes { ${FIELDS} } } }`,
  'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id name } }',
  'mutation ($id: ID!, $name: String!) { updateNetworkDevice(id: $id, input: { name: $name, notes: $name }) { version } }',
  'mutation ($id: ID!, $name: String!) { updateNetworkDevice(id: $id, input: { wifi: { ssid: $name } }) { state } }',
  'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { wifi: { password: "short" } }) { id } }',
  '{ viewer { customer { name } } nope }',
];

/** The medians of the windows at the beginning, after the warm-up, and at the end. */
function ends(values: readonly number[]): readonly [first: number, last: number] {
  const warm = values.slice(WARM_UP_WINDOWS);
  return [median(warm.slice(0, AT_EACH_END)), median(warm.slice(-AT_EACH_END))];
}

it(`${(WINDOW_MS * WINDOWS) / 1_000} seconds of mixed load: memory stays, and the end is as fast as the beginning`, async () => {
  const job = {
    url: gateway.url,
    token: await rig.token('MANAGER'),
    ids: rig.devices.map(({ id }) => id),
    questions: QUESTIONS,
    clients: CLIENTS,
    windowMs: WINDOW_MS,
  };
  const cpu = async (): Promise<number> => await cpuMs(gateway.child.pid ?? NaN);
  const heap = await viewHeap(gateway);
  const windows: (Awaited<ReturnType<Load['run']>> & { readonly cpu: number })[] = [];
  const used: (readonly [minute: number, megabytes: number])[] = [];
  const startedAt = performance.now();
  for (let window = 0; window < WINDOWS; window += 1) {
    const before = await cpu();
    const result = await load.run(job);
    windows.push({ ...result, cpu: ((await cpu()) - before) / result.times.length });
    await delay(200);
    used.push([(performance.now() - startedAt) / 60_000, await heap.usedMb()]);
  }
  heap.close();
  const { perX, error } = slope(used.slice(WARM_UP_WINDOWS));
  const [first, last] = ends(windows.map(({ times }) => quantile(times, 0.99)));
  const [calm, busy] = ends(windows.map(({ controlTimes }) => quantile(controlTimes, 0.99)));
  const [cpuFirst, cpuLast] = ends(windows.map((window) => window.cpu));
  const outcomes = new Set(windows.flatMap((window) => Object.keys(window.outcomes)));
  row('mixed load', {
    requests: windows.reduce((sum, { times }) => sum + times.length, 0),
    outcomes: [...outcomes].join(', '),
    'p99 ms of the first windows': first,
    'of the last': last,
    'p99 ms of a server that does nothing, first': calm,
    last: busy,
    'CPU ms a request, first': cpuFirst,
    'CPU last': cpuLast,
    'heap MB by window': used.map(([, megabytes]) => megabytes.toFixed(1)).join(' '),
    'slope MB/min': perX,
    'may be off by': error,
  });
  expect(outcomes).toEqual(new Set(['done', 'INVALID_VALUE', 'GRAPHQL_VALIDATION_FAILED']));
  expect(new Set(windows.flatMap(({ pages }) => pages))).toEqual(new Set([200]));
  // What the line may be off by is the noise of few points, not a leak.
  expect(perX - 2 * error).toBeLessThan(MAY_RISE);
  // Whatever else the machine does, it is no slower for the gateway than for a server that does nothing, and costs it no CPU.
  expect(last).toBeLessThanOrEqual(first * MAY_SLOW_DOWN * Math.max(1, busy / calm));
  expect(cpuLast).toBeLessThanOrEqual(cpuFirst * 1.5);
}, 900_000);
