import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { lockWaits } from '../support/lock-waits.js';
import { metricsOf } from '../support/metrics.js';
import { sendRaw } from './raw-request.js';

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '0' });
  device = await createDevice(gateway, { notes: '😀'.repeat(4_096) });
  token = await gateway.token('OWNER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

const post = (query: string): string => {
  const body = JSON.stringify({ query });
  return (
    `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
};
/** An answer with notes of 16 kB this many times. */
const large = (times = 100): string =>
  post(`query Large { networkDevices(ids: [${`"${device.id}",`.repeat(times)}]) { notes } }`);

async function stalled(): Promise<Socket> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  return socket;
}

const executed = async (): Promise<number> =>
  (await metricsOf(gateway)).get('graphql_operations_total{type="query",outcome="OK"}') ?? 0;

/** Waits until nothing more is executed. */
async function settled(): Promise<number> {
  let [before, now] = [-1, await executed()];
  while (now !== before) {
    await delay(500);
    [before, now] = [now, await executed()];
  }
  return now;
}

describe('one connection has one request at a time', () => {
  it('a client that asks without reading is answered as far as the network holds it, and no further', async () => {
    const before = await executed();
    const socket = await stalled();
    socket.write(large().repeat(30));
    // What the system keeps for a connection, sent and received: a few megabytes.
    expect((await settled()) - before).toBeLessThan(15);
    socket.resume();
    await expect.poll(executed).toBe(before + 30);
    socket.destroy();
  });

  it('what is asked meanwhile is answered in order', async () => {
    const requests = Array.from({ length: 30 }, (_, index) => post(`{ a${index}: __typename }`));
    const answer = await sendRaw(gateway.url, requests.join(''));
    const found = [...`${answer?.body}`.matchAll(/\{"data":\{"a(\d+)":"Query"\}\}/g)].map(([, index]) =>
      Number(index),
    );
    expect(found).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  it('more than wait behind a slow one are refused, and the connection ends', async () => {
    const blocker = await gateway.sql.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM network_device WHERE id = $1 FOR UPDATE', [device.id]);
    const slow = post(
      `mutation { updateNetworkDevice(id: "${device.id}", input: { name: "Slow" }) { name } }`,
    );
    const socket = await stalled();
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.resume();
    const closed = once(socket, 'close');
    socket.write(slow + 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500));
    await expect.poll(async () => await lockWaits(gateway)).toBe(1);
    await blocker.query('COMMIT');
    blocker.release();
    await closed;
    expect(text).toContain('{"data":{"updateNetworkDevice":{"name":"Slow"}}}');
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual([...Array.from({ length: 33 }, () => '200'), '503']);
    expect(text).toContain('"code":"OVERLOADED"');
  });

  it('what waits when its connection breaks is not done', async () => {
    const blocker = await gateway.sql.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM network_device WHERE id = $1 FOR UPDATE', [device.id]);
    const before = await executed();
    const socket = await stalled();
    const get = `GET /graphql?query={__typename} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    socket.write(
      post(`mutation { updateNetworkDevice(id: "${device.id}", input: { name: "Begun" }) { name } }`) +
        get.repeat(20),
    );
    await expect.poll(async () => await lockWaits(gateway)).toBe(1);
    socket.destroy();
    const inFlight = async () => (await metricsOf(gateway)).get('http_requests_in_flight');
    await expect.poll(inFlight).toBe(1);
    await blocker.query('COMMIT');
    blocker.release();
    const name = async (): Promise<unknown> =>
      (await gateway.sql.query('SELECT name FROM network_device WHERE id = $1', [device.id])).rows;
    await expect.poll(name).toEqual([{ name: 'Begun' }]);
    expect(await settled()).toBe(before);
  });

  it('and those that go with their connection are counted as over', async () => {
    const inFlight = async (): Promise<number> =>
      (await metricsOf(gateway)).get('http_requests_in_flight') ?? 0;
    const socket = await stalled();
    socket.write(large().repeat(30));
    await settled();
    expect(await inFlight()).toBeGreaterThan(1);
    socket.destroy();
    // The look at the metrics is one itself.
    await expect.poll(inFlight).toBe(1);
  });
});

it('beyond 128 MB of unread answers those that have waited for longest go, and new ones are served', async () => {
  const sockets: Socket[] = [];
  for (let index = 0; index < 26; index += 1) {
    const before = await executed();
    const socket = await stalled();
    socket.write(large(500));
    await expect.poll(executed).toBe(before + 1);
    sockets.push(socket);
  }
  const closed = await Promise.all(
    sockets.map(async (socket) => {
      const ended = once(socket, 'close').then(() => true);
      // What the system has kept can be read; then there is either an end or nothing more for a stalled answer to hold.
      let size = 0;
      socket.on('data', (chunk: Buffer) => (size += chunk.length));
      socket.resume();
      const whole = (async () => {
        while (size < 8_000_000) await delay(50);
        return false;
      })();
      return await Promise.race([ended, whole]);
    }),
  );
  for (const socket of sockets) socket.destroy();
  expect(closed.slice(0, 8)).not.toContain(false);
  expect(closed.slice(-10)).not.toContain(true);
});
