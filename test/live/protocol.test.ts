import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';
import { sendRaw } from '../http/raw-request.js';
import { Subscriber, touch, WATCH } from './subscriber.js';

const ENUM = `subscription ($first: Int) { networkDeviceChanged { model { type(x: $first) } } }`;

describe('over WebSocket errors are those of HTTP, in the same shape', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  const open: Subscriber[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway({ MAX_TOKENS: '200', MAX_DEPTH: '3' });
    device = await createDevice(gateway);
    token = await gateway.token('MANAGER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  afterEach(() => {
    for (const subscriber of open.splice(0)) subscriber.close();
  });

  const connect = async (params?: Readonly<Record<string, unknown>>): Promise<Subscriber> => {
    const subscriber = await Subscriber.connect(gateway, params);
    open.push(subscriber);
    return subscriber;
  };
  const connectWith = async (value: string): Promise<Subscriber> =>
    await connect({ authorization: `Bearer ${value}` });

  it.each([
    ['none', undefined, 'credentials_invalid'],
    ['an empty one', { authorization: '' }, 'credentials_invalid'],
    ['null', { authorization: null }, 'credentials_invalid'],
    ['another scheme', { authorization: 'Basic abc' }, 'format_error'],
    ['no text', { authorization: 7 }, 'format_error'],
    ['a forged token', { authorization: 'Bearer x.y.z' }, 'invalid_token'],
  ])(
    'credentials: %s is acknowledged, and every operation answers UNAUTHENTICATED',
    async (_, params, word) => {
      const subscriber = await connect(params);
      for (const id of ['1', '2']) {
        subscriber.subscribe(id);
        expect(await subscriber.error(id)).toMatchObject({
          path: ['networkDeviceChanged'],
          extensions: { code: 'UNAUTHENTICATED', rest: { code: 401, message: word }, retryable: false },
        });
      }
      const [first, second] = [await subscriber.error('1'), await subscriber.error('2')];
      expect(first.extensions.requestId).not.toBe(second.extensions.requestId);
      expect(subscriber.closed).toBeUndefined();
    },
  );

  it.each([
    ['an unknown field', 'subscription { devices: networkDeviceChanged { password } }', ['devices']],
    ['a variable that does not fit', WATCH, ['networkDeviceChanged']],
    ['two root fields', 'subscription { a: networkDeviceChanged { id } b: viewer { id } }', undefined],
    ['a query', '{ viewer { id } }', undefined],
    ['a syntax error', 'subscription { "', undefined],
    ['a document that is long', `${WATCH} # ${'x'.repeat(5_000)}`, undefined],
  ])('a stranger is told nothing else, whatever is wrong: %s', async (_, query, path) => {
    const subscriber = await connect();
    subscriber.subscribe('1', { ids: [{}] }, query);
    const error = await subscriber.error('1');
    expect(error.extensions.code).toBe('UNAUTHENTICATED');
    expect(error.path).toEqual(path);
  });

  it('an empty operationName is none', async () => {
    const subscriber = await connectWith(token);
    const payload = { query: 'subscription Only { networkDeviceChanged { id } }', operationName: '' };
    const started = (): number =>
      gateway.logLines.filter((line) => line.includes('subscription started')).length;
    const before = started();
    subscriber.send({ id: '1', type: 'subscribe', payload });
    await expect.poll(started).toBeGreaterThan(before);
    expect(subscriber.messages.map(({ type }) => type)).toEqual(['connection_ack']);
  });

  it('the error of an expired token says so, and "Authorization" will do as a name', async () => {
    const expired = await gateway.token('MANAGER', device.customer, '-1m');
    const subscriber = await connect({ Authorization: `Bearer ${expired}` });
    subscriber.subscribe('1');
    expect((await subscriber.error('1')).extensions.rest).toEqual({ code: 401, message: 'expired' });
  });

  it.each(['NO_LOGIN', 'PERSONAL'] as const)('%s is refused with ACCESS_DENIED', async (level) => {
    const subscriber = await connectWith(await gateway.token(level, device.customer));
    subscriber.subscribe('1');
    expect((await subscriber.error('1')).extensions).toMatchObject({
      code: 'ACCESS_DENIED',
      rest: { code: 403, message: 'access_denied' },
    });
  });

  const ids = Array.from({ length: 1_001 }, newId);
  it.each([
    ['a query', '{ viewer { id } }', {}, 'BAD_REQUEST'],
    ['a mutation', 'mutation { updateNetworkDevice(id: "x", input: {}) { id } }', {}, 'BAD_REQUEST'],
    ['a query that is not valid', '{ nothing }', {}, 'BAD_REQUEST'],
    ['no operation', 'fragment F on NetworkDevice { id } ', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a syntax error', 'subscription { "Zq7canary', {}, 'GRAPHQL_PARSE_FAILED'],
    [
      'an unknown field',
      'subscription { networkDeviceChanged { password } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'two root fields',
      'subscription { a: networkDeviceChanged { id } b: networkDeviceChanged { id } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['introspection', 'subscription { __schema { types { name } } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['a variable that does not fit', WATCH, { ids: [{ secret: 'Zq7canary' }] }, 'BAD_USER_INPUT'],
    [
      'too many tokens',
      `subscription { networkDeviceChanged { ${'id '.repeat(250)} } }`,
      {},
      'OPERATION_TOO_LARGE',
    ],
    [
      'too many levels',
      'subscription { networkDeviceChanged { model { capabilities { wifi } } } }',
      {},
      'OPERATION_TOO_LARGE',
    ],
    ['too many ids', WATCH, { ids }, 'INVALID_VALUE'],
    [
      'a field that is left out',
      'subscription ($b: Boolean!) { networkDeviceChanged @include(if: $b) { id } }',
      { b: false },
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'a fragment that is left out',
      'subscription ($b: Boolean = true) { ...F @skip(if: $b) } fragment F on Subscription { networkDeviceChanged { id } }',
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['an unknown argument', ENUM, { first: 1 }, 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s', async (_, query, variables, code) => {
    const subscriber = await connectWith(token);
    subscriber.subscribe('1', variables, query);
    const error = await subscriber.error('1');
    expect(error.extensions.code).toBe(code);
    expect(JSON.stringify(subscriber.messages)).not.toContain('Zq7canary');
    expect(subscriber.messages.filter(({ type }) => type === 'next')).toEqual([]);
    if (code === 'INVALID_VALUE') {
      expect(error).toMatchObject({
        path: ['networkDeviceChanged'],
        extensions: { rest: { code: 422, message: 'ids' }, violations: [{ path: 'ids' }] },
      });
      return;
    }
    // Over HTTP it is told first that it is in the wrong place.
    if (code === 'BAD_REQUEST' || code === 'BAD_USER_INPUT') return;
    const http = await gateway.query(query, { token, variables });
    const withoutId = ({
      message,
      extensions: { requestId: _id, ...extensions },
    }: typeof error): unknown => ({
      message,
      extensions,
    });
    expect(http.errors.map(withoutId)[0]).toEqual(withoutId(error));
  });

  it('a second operation under an id in use, an operation before the handshake and nonsense close the connection', async () => {
    const twice = await connectWith(token);
    await twice.watch('1');
    twice.subscribe('1');
    await expect.poll(() => twice.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });

    for (const nonsense of ['{', '[]', '7', '{"type":"x"}', '{"type":"subscribe","id":1}', '"\\u0000"']) {
      const subscriber = await connectWith(token);
      subscriber.socket.send(nonsense);
      await expect.poll(() => subscriber.closed).toMatchObject({ code: 4400 });
    }
    const binary = await connectWith(token);
    binary.socket.send(Buffer.from([1, 2, 3]));
    await expect.poll(() => binary.closed).toMatchObject({ code: 4400 });
    const backwards = await connectWith(token);
    backwards.send({ type: 'connection_ack' });
    await expect.poll(() => backwards.closed).toMatchObject({ code: 4500 });
    const long = await connectWith(token);
    long.socket.send('x'.repeat(100_001));
    await expect.poll(() => long.closed).toMatchObject({ code: 1009 });

    const eager = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(eager, 'open');
    eager.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH } }));
    expect((await once(eager, 'close'))[0]).toBe(4401);
    expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it('another subprotocol is refused by the code of graphql-transport-ws', async () => {
    const socket = new WebSocket(gateway.url.replace('http', 'ws'));
    expect((await once(socket, 'close')).map(String)).toEqual(['4406', 'Subprotocol not acceptable']);
  });

  it('a ping is answered', async () => {
    const subscriber = await connect();
    subscriber.send({ type: 'ping' });
    await expect.poll(() => subscriber.messages.at(-1)).toEqual({ type: 'pong' });
  });

  it('beyond 100 subscriptions on a connection: OVERLOADED, and the others stand', async () => {
    const subscriber = await connectWith(token);
    for (let index = 0; index <= 100; index++) subscriber.subscribe(`s${index}`);
    expect((await subscriber.error('s100')).extensions).toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
    });
    await touch(gateway, [device.id]);
    await subscriber.receives('s99', 1);
    expect(subscriber.messages.filter(({ type }) => type === 'error')).toHaveLength(1);
  });

  it('operations count as requests do: RATE_LIMITED, and what runs goes on', async () => {
    const limited = await startTestGateway({ RATE_LIMIT: '3' }, undefined, { credentialRecheckMs: 100 });
    const other = await createDevice(limited);
    const manager = await limited.token('MANAGER', other.customer);
    const subscriber = await Subscriber.connect(limited, { authorization: `Bearer ${manager}` });
    await subscriber.watch('1');
    for (const id of ['2', '3', '4']) subscriber.subscribe(id);
    const { extensions } = await subscriber.error('4');
    expect(extensions).toMatchObject({ code: 'RATE_LIMITED', rest: { code: 429 }, retryable: true });
    expect(extensions.retryAfterMs).toBeGreaterThan(0);
    // Its credentials are validated anew meanwhile, which is not counted.
    await delay(500);
    await touch(limited, [other.id]);
    expect(await subscriber.receives('1', 1)).toHaveLength(1);
    subscriber.close();
    await limited.stop();
  });

  it('a handshake that is none, or elsewhere, is refused in JSON', async () => {
    const handshake = (path: string, key: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${key}\r\n`;
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const [request, status] of [
      [handshake('/elsewhere', key), 404],
      [handshake('/graphql', ''), 400],
    ] as const) {
      const answer = await sendRaw(gateway.url, request);
      expect(answer).toMatchObject({ status, body: textLike(/"code":"BAD_REQUEST"/) });
    }
  });

  it('an upgrade that is not WebSocket is ignored: Java offers HTTP/2 with ordinary requests', async () => {
    const body = JSON.stringify({ query: '{ __typename }' });
    const answer = await sendRaw(
      gateway.url,
      `POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer).toMatchObject({ status: 200, body: '{"data":{"__typename":"Query"}}\n' });
  });

  it('whatever a client sends, the others go on and nothing is left unhandled', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    const witness = await connectWith(token);
    await witness.watch('1');
    const anyMessage = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc
        .record(
          {
            type: fc.constantFrom(
              'connection_init',
              'subscribe',
              'complete',
              'next',
              'error',
              'ping',
              'pong',
            ),
            id: fc.oneof(fc.constantFrom('1', '__proto__', 'constructor', ''), fc.anything()),
            payload: fc.oneof(
              fc.jsonValue(),
              fc.record(
                {
                  query: fc.oneof(fc.constantFrom(WATCH, '{ __typename }', ENUM), fc.string()),
                  operationName: fc.oneof(fc.constant(null), fc.string(), fc.integer()),
                  variables: fc.oneof(fc.constantFrom({ ids: null }, { __proto__: 1 }), fc.jsonValue()),
                  extensions: fc.jsonValue(),
                },
                { requiredKeys: [] },
              ),
            ),
          },
          { requiredKeys: ['type'] },
        )
        .map((value) => JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? 1 : part))),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMessage, { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (texts, cut) => {
          const socket = new WebSocket(gateway.url.replace('http', 'ws'), 'graphql-transport-ws');
          socket.on('error', () => undefined);
          await once(socket, 'open');
          socket.send(
            JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
          );
          for (const text of texts) socket.send(text);
          if (cut) socket.terminate();
          else socket.close();
          if (socket.readyState !== socket.CLOSED) await once(socket, 'close');
        },
      ),
      { numRuns: 150 },
    );
    await touch(gateway, [device.id]);
    await witness.receives('1', 1);
    witness.close();
    const subscribers = (): unknown => gateway.logLines.filter((line) => line.includes('subscribers')).at(-1);
    await expect.poll(subscribers).toContain('"subscribers":0');
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
    expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
  });

  it('what is wrong is logged without the token', () => {
    expect(gateway.logLines.join('')).not.toContain(token);
    expect(token).toEqual(textLike(/^eyJ/));
  });
});
