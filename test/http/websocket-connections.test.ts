import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { WATCH } from '../live/subscriber.js';
import { createCustomer } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { sendRaw } from './raw-request.js';

/** Of one subject, or of one network without a subject. */
const MOST = 2_000;

const handshake = (path: string, address: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

describe('one client does not get all connections', () => {
  let gateway: TestGateway;
  let customer: string;
  const sockets: WebSocket[] = [];
  beforeAll(async () => {
    gateway = await startTestGateway({ TRUSTED_PROXIES: '127.0.0.0/8', RATE_LIMIT: '0' });
    customer = await createCustomer(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const openNow = async (): Promise<number | undefined> =>
    (await metricsOf(gateway)).get('websocket_connections_open');
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    await expect.poll(openNow).toBe(0);
  });

  const open = async (address: string): Promise<WebSocket> => {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: { 'x-forwarded-for': address },
    });
    sockets.push(socket);
    await once(socket, 'open');
    return socket;
  };
  const openMany = async (count: number, each: () => Promise<unknown>): Promise<void> => {
    for (let done = 0; done < count; done += 100) await Promise.all(Array.from({ length: 100 }, each));
  };
  /** Connects and subscribes to nothing in particular. @returns the connection, and the code of its error */
  const subscribe = async (
    address: string,
    token: string,
  ): Promise<{ readonly socket: WebSocket; readonly error: string | undefined }> => {
    const socket = await open(address);
    const say = (message: unknown): void => socket.send(JSON.stringify(message));
    say({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    await once(socket, 'message');
    say({ id: '1', type: 'subscribe', payload: { query: WATCH, variables: { ids: [] } } });
    // Answered behind the subscription, or its error before.
    say({ id: '2', type: 'subscribe', payload: { query: '{' } });
    const answers: unknown[] = await once(socket, 'message');
    const text = String(answers[0]);
    return { socket, error: text.includes('"id":"2"') ? undefined : (/"code":"(\w+)"/.exec(text) ?? [])[1] };
  };

  it('a network without a subject: 503 in JSON, while others come in; what is closed makes room', async () => {
    // One that says nothing would be closed before a slow machine has opened all.
    const openAndStay = async (): Promise<void> =>
      (await open('2001:db8::1')).send('{"type":"connection_init"}');
    await openMany(MOST, openAndStay);
    expect(await openNow()).toBe(MOST);
    const before = (await metricsOf(gateway)).get('errors_total{code="OVERLOADED"}') ?? 0;
    const refused = await sendRaw(gateway.url, handshake('/graphql', '2001:db8::ffff'));
    expect(refused?.status).toBe(503);
    expect(refused?.headers.get('retry-after')).toBe('5');
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({
      errors: [
        { extensions: { code: 'OVERLOADED', rest: { code: 503 }, retryable: true, retryAfterMs: 5_000 } },
      ],
    });
    expect((await metricsOf(gateway)).get('errors_total{code="OVERLOADED"}')).toBe(before + 1);
    await open('2001:db8:0:1::1');
    sockets[0]?.close();
    await expect.poll(openNow).toBe(MOST);
    await open('2001:db8::2');
  });

  it('a subject: its operations are refused with OVERLOADED; others come from the same address, as from a portal', async () => {
    const portal = '192.0.2.1';
    const token = await gateway.token('MANAGER', customer);
    const errors: unknown[] = [];
    await openMany(MOST, async () => errors.push((await subscribe(portal, token)).error));
    expect(errors.filter((error) => error !== undefined)).toEqual([]);
    const beyond = await subscribe(portal, token);
    expect(beyond.error).toBe('OVERLOADED');
    expect(beyond.socket.readyState).toBe(WebSocket.OPEN);
    expect((await subscribe('192.0.2.2', token)).error).toBe('OVERLOADED');
    expect((await subscribe(portal, await gateway.token('VIEWER', customer))).error).toBeUndefined();
    sockets[0]?.terminate();
    await expect.poll(openNow).toBe(MOST + 2);
    expect((await subscribe(portal, token)).error).toBeUndefined();
  });

  it('a client that says nothing is closed after 10 s', async () => {
    const socket = await open('192.0.2.3');
    const told: unknown[] = await once(socket, 'close');
    expect(told.map(String)).toEqual(['4408', 'Connection initialisation timeout']);
  });

  it.each([
    ['elsewhere', handshake('/elsewhere', '192.0.2.4')],
    ['with a handshake that is none', handshake('/graphql', '192.0.2.4').replace('Key: dGhl', 'Key: ')],
    ['with what is no HTTP', 'HELLO\r\n\r\n'],
  ])('a client that is refused %s and stays is closed', async (_, request) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = connectTcp({ port: Number(port), host: hostname, allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(request);
    await once(socket, 'end');
    // Nobody reads what is written to a connection that is gone, and that is told.
    const gone = new Promise((resolve) => socket.once('close', () => resolve('gone')));
    const writing = setInterval(() => socket.write('x'), 200);
    expect(await Promise.race([gone, delay(10_000, 'still there')])).toBe('gone');
    clearInterval(writing);
    socket.destroy();
  });
});
