import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

/** A connection may send as many at once. */
const AT_ONCE = 1_000;

describe('what a WebSocket client sends is bounded', () => {
  let gateway: TestGateway;
  const sockets: WebSocket[] = [];
  beforeAll(async () => {
    // A connection whose pong is behind a thousand messages of its own is not to be ended for it.
    gateway = await startTestGateway({ RATE_LIMIT: '0' }, undefined, { pingMs: 60_000 });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  const open = async (url = gateway.url, autoPong = true): Promise<WebSocket> => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', { autoPong });
    sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send('{"type":"connection_init"}');
    await once(socket, 'message');
    return socket;
  };
  const codeOf = async (socket: WebSocket): Promise<unknown> => {
    const closed: unknown[] = await once(socket, 'close');
    return closed[0];
  };

  it.each([
    ['messages', (socket: WebSocket) => socket.send('{"type":"pong"}')],
    ['empty messages', (socket: WebSocket) => socket.send('{"type":"complete","id":"none"}')],
    ['pings', (socket: WebSocket) => socket.ping('x')],
    ['pongs', (socket: WebSocket) => socket.pong('x'.repeat(125))],
  ])(
    '%s: beyond a thousand at once the connection closes with 4429, and others are served',
    async (_, send) => {
      const [socket, other] = [await open(), await open()];
      const closed = codeOf(socket);
      for (let count = 0; count < 2 * AT_ONCE; count += 1) send(socket);
      expect(await closed).toBe(4429);
      other.send('{"type":"ping"}');
      expect(String((await once(other, 'message'))[0])).toBe('{"type":"pong"}');
    },
  );

  it('a long message counts as several', async () => {
    const socket = await open();
    const closed = codeOf(socket);
    for (let count = 0; count < 200; count += 1) {
      socket.send(JSON.stringify({ type: 'ping', payload: { echo: 'x'.repeat(90_000) } }));
    }
    expect(await closed).toBe(4429);
  });

  it('a pong repeats what a short ping carries, and nothing long', async () => {
    const socket = await open();
    const answer = async (payload: unknown): Promise<unknown> => {
      socket.send(JSON.stringify({ type: 'ping', payload }));
      return JSON.parse(String((await once(socket, 'message'))[0]));
    };
    expect(await answer({ at: 7 })).toEqual({ type: 'pong', payload: { at: 7 } });
    expect(await answer({ at: 'x'.repeat(5_000) })).toEqual({ type: 'pong' });
  });

  it('pongs that nobody asked for keep no connection open; those that were asked for do', async () => {
    const pinging = await startTestGateway({}, undefined, { pingMs: 2_000 });
    const [cheat, honest] = [await open(pinging.url, false), await open(pinging.url)];
    const cheating = setInterval(() => cheat.pong('x'), 50);
    try {
      expect(await codeOf(cheat)).toBe(1006);
      await delay(4_000);
      expect(honest.readyState).toBe(WebSocket.OPEN);
    } finally {
      clearInterval(cheating);
      await pinging.stop();
    }
  });

  it('an operation whose id is longer than 256 characters is refused', async () => {
    const socket = await open();
    const ask = async (length: number): Promise<string> => {
      const payload = { query: 'subscription { networkDeviceChanged { id } }' };
      socket.send(JSON.stringify({ type: 'subscribe', id: 'x'.repeat(length), payload }));
      return String((await once(socket, 'message'))[0]);
    };
    expect(await ask(256)).toContain('"UNAUTHENTICATED"');
    expect(await ask(257)).toContain('"BAD_REQUEST"');
  });

  it('all connections of a client together have a budget, too', async () => {
    // Twenty of them have the budget of all; the others are more than comes back while a slow machine reads them.
    const many = await Promise.all(Array.from({ length: 60 }, async () => await open()));
    const closed = Promise.race(many.map(codeOf));
    for (const socket of many) {
      // One less than the connection itself may, with the first message.
      for (let count = 0; count < AT_ONCE - 1; count += 1) socket.send('{"type":"pong"}');
    }
    expect(await closed).toBe(4429);
  });
});
