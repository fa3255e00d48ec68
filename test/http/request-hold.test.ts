import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { STOP_WAITS } from '../../src/http/server.js';
import { requestHold } from '../../src/http/core/request-hold.js';

const CLIENTS = 40;

/** Clients in a thread of their own, which go on while this one stands still; they say in `seen` how many are connected. */
const CLIENT = `
  const { workerData: { port, count, seen }, parentPort } = require('node:worker_threads');
  const { connect } = require('node:net');
  const ends = Array.from({ length: count }, () => new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n');
      Atomics.add(seen, 0, 1);
      Atomics.notify(seen, 0);
    });
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', ({ code }) => resolve(code));
    socket.on('end', () => resolve(text.slice(9, 12)));
  }));
  Promise.all(ends).then((outcomes) => parentPort.postMessage(outcomes));
`;

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

/** A server behind a waiting requests, listening; it counts what it handles. */
async function startServer() {
  let handled = 0;
  const requests = requestHold((_, response) => {
    handled += 1;
    response.end();
  }, STOP_WAITS.quietMs);
  const server = createServer(requests.listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { requests, server, port: portOf(server.address()), handled: () => handled };
}

it('whoever was connected when the server stops is answered, seen by the process or not', async () => {
  const { requests, server, port, handled } = await startServer();
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(CLIENT, {
    eval: true,
    workerData: { port, count: CLIENTS, seen },
  });
  const told = once(worker, 'message');
  await once(worker, 'online');
  // This thread stands still until the system has accepted all of them; no event has been handled meanwhile.
  for (let count = 0; count < CLIENTS; count = Atomics.load(seen, 0)) {
    if (Atomics.wait(seen, 0, count, 20_000) === 'timed-out') break;
  }
  expect(Atomics.load(seen, 0)).toBe(CLIENTS);
  expect(handled()).toBe(0);
  const closed = once(server, 'close');
  await requests.hold(server);
  expect(handled()).toBe(0);
  server.close();
  requests.release();
  const outcomes: unknown[] = await told;
  expect(outcomes).toEqual([Array.from({ length: CLIENTS }, () => '200')]);
  await closed;
  await worker.terminate();
});

it('a server that nobody comes to stops soon, and one that does not stop handles at once', async () => {
  const { requests, server, port, handled } = await startServer();
  const url = `http://127.0.0.1:${port}`;
  await fetch(url);
  expect(handled()).toBe(1);
  await requests.hold(server);
  requests.release();
  await fetch(url);
  expect(handled()).toBe(2);
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});
