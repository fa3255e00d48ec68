import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

/** The time that a request may take to arrive, and what the look at all connections adds to it. */
const REQUEST_TIMEOUT_MS = 6_000;
const SLACK_MS = 2_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
});

/** What a client sends at once, and what it drips from then on. */
const DRIPS: readonly (readonly [string, string])[] = [
  ['', ''],
  ['POST /graphql HTTP/1.1\r\nHost: x\r\n', 'X-Drip: x\r\n'],
  [
    'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n',
    ' ',
  ],
  ['POST /network/device/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\n \r\n'],
];

it('300 connections that drip are closed, and others are served meanwhile', async () => {
  const { hostname, port } = new URL(gateway.url);
  const sockets: Socket[] = [];
  const closed = Array.from({ length: 300 }, async (_, index) => {
    const [head, drip] = DRIPS[index % DRIPS.length] ?? ['', ''];
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    const close = once(socket, 'close');
    if (head !== '') socket.write(head);
    const dripping = setInterval(() => {
      if (drip !== '' && socket.writable) socket.write(drip);
    }, 500);
    await close;
    clearInterval(dripping);
    return true;
  });
  expect((await gateway.query('{ __typename }')).status).toBe(200);
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS + SLACK_MS);
  const isLate = once(deadline, 'abort').then(
    () => sockets.filter(({ closed: isClosed }) => !isClosed).length,
  );
  const outcome = await Promise.race([Promise.all(closed).then(() => 0), isLate]);
  for (const socket of sockets) socket.destroy();
  expect(outcome).toBe(0);
});

it('a connection that is kept says for how long', async () => {
  const response = await fetch(gateway.url, { headers: { connection: 'keep-alive' } });
  await response.text();
  expect(response.headers.get('keep-alive')).toBe('timeout=65');
});
