import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServerProcess } from '../support/processes.js';
import { ask, type Reply, send, took } from './support/client.js';
import { median, quantile, row, slope, tally } from './support/figures.js';
import { HEAP_ARGS, viewHeap } from './support/heap.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from './support/sizes.js';

/** Windows of this length; the heap is looked at between them. */
const WINDOW_MS = size(60_000, 5_000);
const WINDOWS = 10;
const CLIENTS = 8;

/** Caches fill and code is compiled in the first windows. */
const WARM_UP_WINDOWS = 3;

/** Windows at the beginning and at the end that are compared by their median: a minute each, or short ones against chance. */
const AT_EACH_END = size(1, 3);

let rig: Rig;
let gateway: ServerProcess;
beforeAll(async () => {
  rig = await startRig(50);
  gateway = await rig.startGateway({ PROVISIONING_WORKER: 'true', SIMULATED_DEVICE_MS: '10' }, HEAP_ARGS);
});
afterAll(async () => {
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

it(`${(WINDOW_MS * WINDOWS) / 60_000} minutes of mixed load: memory stays, and the end is as fast as the beginning`, async () => {
  const token = await rig.token('MANAGER');
  const heap = await viewHeap(gateway);
  let requests = 0;
  const askOnce = async (): Promise<Reply> => {
    requests += 1;
    const { id } = rig.devices[requests % rig.devices.length] ?? { id: '' };
    const ids = rig.devices.slice(0, 20).map((device) => device.id);
    const query = QUESTIONS[requests % QUESTIONS.length] ?? '';
    const variables = { id, ids, name: `Load ${requests}` };
    return await ask({ url: gateway.url, token, requestId: `mixed-${requests}`, query, variables });
  };
  const pages: number[] = [];
  const readPage = async (): Promise<void> => {
    const url = new URL(`/network/device/${rig.devices[0]?.id ?? ''}`, gateway.url).href;
    pages.push((await send(url, 'GET', '', { authorization: `Bearer ${token}` })).status);
  };
  const windows: (readonly number[])[] = [];
  // How long this process is kept waiting tells how busy the machine is with other things.
  const machine = monitorEventLoopDelay({ resolution: 10 });
  const delays: number[] = [];
  const used: (readonly [minute: number, megabytes: number])[] = [];
  const outcomes: string[] = [];
  const startedAt = performance.now();
  for (let window = 0; window < WINDOWS; window += 1) {
    const replies: Reply[] = [];
    machine.reset();
    machine.enable();
    const endsAt = performance.now() + WINDOW_MS;
    const client = async (): Promise<void> => {
      while (performance.now() < endsAt) {
        replies.push(await askOnce());
        if (requests % 50 === 0) await readPage();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    machine.disable();
    delays.push(machine.percentile(99) / 1e6);
    windows.push(took(replies));
    outcomes.push(...replies.map(({ outcome }) => outcome));
    await delay(200);
    used.push([(performance.now() - startedAt) / 60_000, await heap.usedMb()]);
  }
  heap.close();
  const { perX, error } = slope(used.slice(WARM_UP_WINDOWS));
  const p99 = windows.map((times) => quantile(times, 0.99)).slice(WARM_UP_WINDOWS);
  const ends = (values: readonly number[]): readonly [number, number] => [
    median(values.slice(0, AT_EACH_END)),
    median(values.slice(-AT_EACH_END)),
  ];
  const [first, last] = ends(p99);
  const [calm, busy] = ends(delays.slice(WARM_UP_WINDOWS));
  row('mixed load', {
    requests,
    outcomes: tally(outcomes),
    'p99 ms of the first windows': first,
    'of the last': last,
    'p99 ms of waits of the test itself, first': calm,
    last: busy,
    'heap MB by window': used.map(([, megabytes]) => megabytes.toFixed(1)).join(' '),
    'slope MB/min': perX,
    'may be off by': error,
  });
  expect(new Set(outcomes)).toEqual(new Set(['done', 'INVALID_VALUE', 'GRAPHQL_VALIDATION_FAILED']));
  expect(new Set(pages)).toEqual(new Set([200]));
  // What the line may be off by is the noise of few points, not a leak.
  expect(perX - 2 * error).toBeLessThan(1);
  expect(last).toBeLessThanOrEqual(first * 1.5 * Math.max(1, busy / calm));
}, 900_000);
