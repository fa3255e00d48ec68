import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { sendRaw } from '../http/raw-request.js';
import type { ServerProcess } from '../support/processes.js';
import { strike } from './support/attack.js';
import { ask, send } from './support/client.js';
import { median, row } from './support/figures.js';
import { fillDevices } from './support/full-devices.js';
import { HEAP_ARGS, type HeapView, viewHeap } from './support/heap.js';
import type { HostileFrame } from './support/hostile-steps.js';
import { startOthers } from './support/others.js';
import { cpuMs } from './support/process-cpu.js';
import { residentMb } from './support/process-memory.js';
import { type Rig, startRig } from './support/rig.js';

const ROUNDS = 5;

const DEVICE =
  'id name notes wifi { ssid ssid5G ssid6G } dhcp { reservedClients { id mac ip } } status { lastComm online }';

let rig: Rig;
let gateway: ServerProcess;
let heap: HeapView;
beforeAll(async () => {
  rig = await startRig(2);
  await fillDevices(rig, [rig.devices[0]?.id ?? '']);
  gateway = await rig.startGateway({ DATABASE_URL: rig.databaseUrl() }, HEAP_ARGS);
  heap = await viewHeap(gateway);
});
afterAll(async () => {
  heap.close();
  await rig.close();
});

const pid = (): number => gateway.child.pid ?? NaN;
const cpu = async (): Promise<number> => await cpuMs(pid());
/** CPU that the gateway takes for each millisecond in which nothing is done to it. */
async function cpuOfWaiting(): Promise<number> {
  const before = await cpu();
  const startedAt = performance.now();
  await delay(3_000);
  return ((await cpu()) - before) / (performance.now() - startedAt);
}
const times = <T>(count: number, value: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => value(index));
/** What a gateway keeps when the heap is collected: its memory as a whole may be anything before. */
async function keptMb(): Promise<{ readonly heapMb: number; readonly residentMb: number }> {
  const heapMb = await heap.usedMb();
  return { heapMb, residentMb: await residentMb(pid()) };
}

describe('documents that are kept', () => {
  it('320 plans of small documents for large answers keep a bounded heap', async () => {
    const conditions = ['a', 'b', 'c', 'd'];
    const before = await heap.usedMb();
    for (let document = 0; document < 20; document += 1) {
      const fields = times(
        46,
        (n) =>
          `a${document}_${n}: networkDevice(id: "1") @include(if: $${conditions[n % 4] ?? ''}) { ${DEVICE} }`,
      );
      const query = `query (${conditions.map((name) => `$${name}: Boolean!`).join(', ')}) { ${fields.join(' ')} }`;
      for (let round = 0; round < 17; round += 1) {
        const values = conditions.map((name, bit): [string, boolean] => [name, (round & (1 << bit)) > 0]);
        await ask({ url: gateway.url, requestId: 'plans', query, variables: Object.fromEntries(values) });
      }
    }
    const grown = (await heap.usedMb()) - before;
    row('plans of 20 documents in 16 combinations', { 'heap grows by MB': grown });
    expect(grown).toBeLessThanOrEqual(30);
  });

  it('an operation that is too large stays refused when a small one of its document is known', async () => {
    const large = times(
      50,
      (n) => `a${n}: networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: 500) { id } } }`,
    );
    const query = `query Small { __typename } query Large { ${large.join(' ')} }`;
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await rig.token('VIEWER')}`,
    };
    const codes: string[] = [];
    const spent: number[] = [];
    for (const operationName of ['Small', 'Large', 'Small', 'Large', 'Large', 'Large', 'Large']) {
      const before = await cpu();
      const { text } = await send(gateway.url, 'POST', JSON.stringify({ query, operationName }), headers);
      spent.push((await cpu()) - before);
      codes.push(/"code":"(\w+)"/.exec(text)?.[1] ?? 'done');
    }
    row('a large operation beside a small one', { 'CPU ms': median(spent) });
    expect(codes).toEqual(['done', 'OPERATION_TOO_LARGE', 'done', ...times(4, () => 'OPERATION_TOO_LARGE')]);
    expect(median(spent)).toBeLessThanOrEqual(50);
  });
});

describe('requests at the border of HTTP', () => {
  it('2,000 headers and an upgrade: one answer, for little, and nothing is left behind', async () => {
    const inner = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
    const small = times(2_000, () => 'h:1\r\n').join('');
    const bytes =
      `POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n${small}` +
      `Content-Type: application/json\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`;
    const spent: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await cpu();
      const answer = await sendRaw(gateway.url, bytes);
      spent.push((await cpu()) - before);
      expect(answer?.body).not.toContain('HTTP/1.1');
      expect(answer?.status).toBeGreaterThanOrEqual(400);
    }
    row('2,000 headers and an upgrade', { 'CPU ms': median(spent) });
    expect(median(spent)).toBeLessThanOrEqual(50);
    expect(gateway.output.stderr).not.toContain('MaxListenersExceededWarning');
  });

  it('31,500 empty reservations for the REST page: refused for little', async () => {
    const url = new URL(`/network/device/${rig.devices[0]?.id ?? ''}`, gateway.url).href;
    const body = JSON.stringify({ dhcp: { reservedClients: times(31_500, () => ({})) } });
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await rig.token('MANAGER')}`,
    };
    const spent: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = await cpu();
      const { status, text } = await send(url, 'POST', body, headers);
      spent.push((await cpu()) - before);
      expect(status).toBe(422);
      expect(JSON.parse(text)).toMatchObject({ description: 'At most 256 reservations.' });
    }
    row('31,500 empty reservations for the REST page', { 'CPU ms': median(spent) });
    expect(median(spent)).toBeLessThanOrEqual(150);
  });
});

describe('WebSockets', () => {
  it('20 clients that ask for 95 kB back, 200 times, and read nothing: little is kept for them', async () => {
    const before = await keptMb();
    const ping = JSON.stringify({ type: 'ping', payload: { a: 'x'.repeat(95_000) } });
    const clients = await Promise.all(times(20, async () => await opened()));
    for (const client of clients) {
      client.pause();
      for (let count = 0; count < 200; count += 1) client.send(ping, () => undefined);
    }
    await delay(3_000);
    const after = await keptMb();
    for (const client of clients) client.terminate();
    const grown = after.residentMb - before.residentMb;
    row('20 clients that read none of 200 pongs', {
      'memory grows by MB': grown,
      'heap grows by MB': after.heapMb - before.heapMb,
    });
    expect(grown).toBeLessThanOrEqual(150);
  });

  it('50,000 tiny pings at once: their sender pays, nobody else', async () => {
    const others = startOthers(gateway.url);
    // The gateway waits three seconds for the client's end, and works for others meanwhile.
    const backgroundCpu = await cpuOfWaiting();
    const spent: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const frames = times(50_000, (): HostileFrame => ({
        kind: 'text',
        data: '{"type":"ping"}',
        isLast: true,
      }));
      const { cpuMs: ms, tookMs } = await strike(gateway.url, pid(), {
        via: 'websocket',
        connectionParams: {},
        frames,
        isRead: true,
      });
      spent.push(ms - backgroundCpu * tookMs);
    }
    row('50,000 tiny pings', {
      'CPU ms': median(spent),
      'of the background, a second': backgroundCpu * 1_000,
      'slowest answer to others, ms': await others.stop(),
    });
    expect(median(spent)).toBeLessThanOrEqual(150);
  });

  it('1,000 subscriptions of 1,000 invented ids each: a subject keeps little', async () => {
    const authorization = `Bearer ${await rig.token('VIEWER')}`;
    const before = await keptMb();
    const clients = await Promise.all(times(10, async () => await opened(authorization)));
    for (const client of clients) {
      for (let count = 0; count < 100 && client.readyState === client.OPEN; count += 1) {
        client.send(JSON.stringify(watching(String(count), times(1_000, invented))), () => undefined);
        // What is sent waits in the test's own process else.
        if (count % 20 === 0) await delay(20);
      }
    }
    await delay(3_000);
    const after = await keptMb();
    for (const client of clients) client.terminate();
    row('1,000 subscriptions of 1,000 invented ids', {
      'heap grows by MB': after.heapMb - before.heapMb,
      'memory grows by MB': after.residentMb - before.residentMb,
    });
    expect(after.heapMb - before.heapMb).toBeLessThanOrEqual(60);
  });

  it('1,000 equal subscriptions: 20 changes cost little', async () => {
    const authorization = `Bearer ${await rig.token('VIEWER')}`;
    const token = await rig.token('MANAGER');
    // One of usual size: the first one holds all that a device may, and what nobody reads is bounded.
    const id = rig.devices[1]?.id ?? '';
    const clients = await Promise.all(times(10, async () => await opened(authorization)));
    let events = 0;
    for (const client of clients) {
      client.on('message', (data: Buffer) => (events += data.includes('"type":"next"') ? 1 : 0));
      for (let count = 0; count < 100; count += 1)
        client.send(JSON.stringify(watching(String(count), [id])), () => undefined);
    }
    await delay(2_000);
    const query =
      'mutation ($id: ID!, $name: String!) { updateNetworkDevice(id: $id, input: { name: $name }) { version } }';
    const before = await cpu();
    for (let change = 0; change < 20; change += 1) {
      const variables = { id, name: `Change ${change}` };
      const { outcome } = await ask({
        url: gateway.url,
        token,
        requestId: `change-${change}`,
        query,
        variables,
      });
      expect(outcome).toBe('done');
      await delay(50);
    }
    await expect.poll(() => events).toBe(20 * 1_000);
    const spent = (await cpu()) - before;
    for (const client of clients) client.terminate();
    row('20 changes for 1,000 equal subscriptions', { 'CPU ms': spent, events });
    expect(spent).toBeLessThanOrEqual(2_000);
  });
});

/** A WebSocket that is acknowledged. */
async function opened(authorization?: string): Promise<WebSocket> {
  const client = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
  client.on('error', () => undefined);
  await once(client, 'open');
  client.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  await once(client, 'message');
  return client;
}

function watching(id: string, ids: readonly string[]): unknown {
  const query = `subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { ${DEVICE} } }`;
  return { id, type: 'subscribe', payload: { query, variables: { ids } } };
}

function invented(index: number): string {
  return `${Date.now().toString(16)}${Math.random().toString(16).slice(2, 8)}${index.toString(16)}`
    .padStart(24, '0')
    .slice(-24);
}
