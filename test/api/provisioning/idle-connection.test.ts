import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { isSettled, progressIn, update, waitFor } from './provisioning.js';

const order = z.object({ jobId: z.string(), attempt: z.int() });

/** A request that arrived, and how often its connection had been used before. */
interface Arrival extends z.infer<typeof order> {
  readonly earlier: number;
}

async function orderIn(request: IncomingMessage): Promise<z.infer<typeof order>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  return order.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

const arrivals: Arrival[] = [];
const used = new WeakMap<Socket, number>();
/** Which of them are answered by a reset of the connection. */
let resets: (arrival: Arrival) => boolean;
/** What is sent before a reset. */
let beginning = '';
const server = createServer((request, response) => {
  const { socket } = request;
  const earlier = used.get(socket) ?? 0;
  used.set(socket, earlier + 1);
  void orderIn(request).then((sent) => {
    const arrival = { ...sent, earlier };
    arrivals.push(arrival);
    if (!resets(arrival)) response.writeHead(204).end();
    else if (beginning === '') socket.resetAndDestroy();
    else socket.write(beginning, () => setTimeout(() => socket.resetAndDestroy(), 50));
  });
});
let gateway: TestGateway;
let device: TestDevice;
let token: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The endpoint has no port.');
  gateway = await startTestGateway({
    PROVISIONING_URL: `http://127.0.0.1:${address.port}/devices`,
    PROVISIONING_SECRET: 'southbound secret',
    PROVISIONING_RETRY_MS: '40',
  });
});
afterAll(async () => {
  await gateway.stop();
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
  // So that none is kept from the test before.
  server.closeAllConnections();
  arrivals.length = 0;
  beginning = '';
});

/** Changes the settings of the device. @returns the attempts that its job took */
const provision = async (ssid: string): Promise<unknown> => {
  progressIn(await update(gateway, token, device.id, { wifi: { ssid } }));
  const { provisioningJobs } = await waitFor(gateway, token, device.id, isSettled);
  return provisioningJobs.map(({ state, attempts }) => [state, attempts])[0];
};
/** How often the connection of each request had been used before, and which attempt it was. */
const sent = () => arrivals.map(({ earlier, attempt }) => [earlier, attempt]);

describe('an endpoint that closes a kept connection', () => {
  it('at the moment that it is used again: the same attempt goes over a new one', async () => {
    resets = ({ earlier }) => earlier === 1;
    expect(await provision('First')).toEqual(['APPLIED', 1]);
    expect(await provision('Second')).toEqual(['APPLIED', 1]);
    const [, second, again] = arrivals;
    expect(arrivals.map(({ earlier }) => earlier)).toEqual([0, 1, 0]);
    expect(again).toEqual({ ...second, earlier: 0 });
  });

  it('and resets the new one too: the attempt failed', async () => {
    resets = () => false;
    expect(await provision('First')).toEqual(['APPLIED', 1]);
    resets = ({ attempt }) => attempt === 1;
    expect(await provision('Second')).toEqual(['APPLIED', 2]);
    expect(sent().slice(1)).toEqual([
      [1, 1],
      [0, 1],
      [0, 2],
    ]);
  });

  it('after it began to answer: the attempt failed, and is not sent a second time', async () => {
    resets = () => false;
    expect(await provision('First')).toEqual(['APPLIED', 1]);
    resets = ({ attempt }) => attempt === 1;
    beginning = 'HTTP/1.1 200';
    expect(await provision('Second')).toEqual(['APPLIED', 2]);
    expect(sent().slice(1)).toEqual([
      [1, 1],
      [0, 2],
    ]);
  });
});

describe('an endpoint that reads an order and resets the connection', () => {
  it('gets one request for each attempt', async () => {
    resets = () => true;
    expect(await provision('First')).toEqual(['FAILED', 5]);
    expect(sent()).toEqual([1, 2, 3, 4, 5].map((attempt) => [0, attempt]));
  });
});
