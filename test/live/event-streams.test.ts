import { gzipSync } from 'node:zlib';
import { createClient } from 'graphql-sse';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../http/raw-request.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { EventReader, type EventRequest } from './event-reader.js';
import { touch, WATCH } from './subscriber.js';

let gateway: TestGateway;
let device: TestDevice;
let token: string;
const open: EventReader[] = [];

beforeAll(async () => {
  gateway = await startTestGateway({ MAX_TOKENS: '200', MAX_DEPTH: '3' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});
const openStreams = async (): Promise<number | undefined> =>
  (await metricsOf(gateway)).get('event_streams_open');
afterEach(async () => {
  for (const reader of open.splice(0)) reader.close();
  await expect.poll(openStreams).toBe(0);
  expect((await metricsOf(gateway)).get('subscriptions_open')).toBe(0);
  expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
});

const ask = async (sent: EventRequest): Promise<EventReader> => {
  const reader = await EventReader.open(gateway, sent);
  open.push(reader);
  return reader;
};
const watch = async (sent: EventRequest): Promise<EventReader> => {
  const reader = await EventReader.watch(gateway, sent);
  open.push(reader);
  return reader;
};

describe('server-sent events carry changes as WebSockets do', () => {
  it.each(['POST', 'GET'] as const)('%s with a bearer token', async (method) => {
    const reader = await watch({ token, method, variables: { ids: [device.id] } });
    const { statusCode, headers } = reader.response;
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers).not.toHaveProperty('content-length');
    // Said at once, so that whoever waits for the first byte has it.
    await expect.poll(() => reader.text).toBe(':\n\n');
    await touch(gateway, [device.id], 'Told');
    expect(await reader.receives(1)).toMatchObject([{ id: device.id, name: 'Told' }]);
    expect(reader.text).toMatch(
      /^:\n\nevent: next\ndata: \{"data":\{"networkDeviceChanged":\{[^\n]*\}\}\}\n\n$/,
    );
  });

  it("graphql-sse's client gets every change in order, and its end closes the stream", async () => {
    const client = createClient({ url: gateway.url, headers: { authorization: `Bearer ${token}` } });
    const events = client.iterate({ query: WATCH, variables: { ids: [device.id] } });
    const first = events.next();
    await expect.poll(openStreams).toBe(1);
    await expect.poll(async () => (await metricsOf(gateway)).get('subscriptions_open')).toBe(1);
    await touch(gateway, [device.id], 'First');
    expect((await first).value).toMatchObject({ data: { networkDeviceChanged: { name: 'First' } } });
    await touch(gateway, [device.id], 'Second');
    expect((await events.next()).value).toMatchObject({ data: { networkDeviceChanged: { name: 'Second' } } });
    await events.return?.();
    await expect.poll(openStreams).toBe(0);
  });

  it('events are not compressed, which would keep them back', async () => {
    const reader = await watch({ token, headers: { 'accept-encoding': 'gzip, br' } });
    expect(reader.response.headers).not.toHaveProperty('content-encoding');
    await touch(gateway, [device.id], 'x'.repeat(100));
    await reader.receives(1);
  });

  it('beside JSON a subscription is a stream still, and a body may be gzip', async () => {
    const accept = 'application/json, text/event-stream;q=0.5';
    const reader = await watch({ token, headers: { accept } });
    expect(reader.response.headers['content-type']).toContain('text/event-stream');
    const body = gzipSync(JSON.stringify({ query: 'subscription { networkDeviceChanged { id } }' }));
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: {
        accept: 'text/event-stream',
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
      body,
    });
    expect(await response.text()).toContain('UNAUTHENTICATED');
  });

  it('a client of HTTP/1.0 gets it without chunks, to the end of the connection', async () => {
    const body = JSON.stringify({ query: WATCH, variables: {} });
    const answer = await sendRaw(
      gateway.url,
      `POST /graphql HTTP/1.0\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(answer?.headers.get('connection')).toBe('close');
    expect(answer?.headers.has('transfer-encoding')).toBe(false);
    expect(answer?.body).toMatch(/^:\n\nevent: next\ndata: .*\n\nevent: complete\ndata:\n\n$/);
  });

  it('HEAD shows the headers, and subscribes to nothing', async () => {
    const reader = await ask({ token, method: 'HEAD' });
    expect(reader.response.headers['content-type']).toContain('text/event-stream');
    await expect.poll(() => reader.isClosed).toBe(true);
    expect(reader.text).toBe('');
  });

  it('a connection serves the next request when its stream is over', async () => {
    const stream = JSON.stringify({ query: WATCH });
    const query = JSON.stringify({ query: '{ __typename }' });
    const post = (accept: string, body: string): string =>
      `POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const answer = await sendRaw(gateway.url, post('text/event-stream', stream) + post('*/*', query));
    expect(answer?.body).toContain('event: complete');
    expect(answer?.body).toContain('{"data":{"__typename":"Query"}}');
  });
});

describe('over server-sent events errors are those of HTTP, each as an event before the last', () => {
  const ids = Array.from({ length: 1_001 }, newId);

  it.each([
    ['no token', undefined, 'credentials_invalid'],
    ['a forged token', 'x.y.z', 'invalid_token'],
  ])('%s', async (_, given, word) => {
    for (const method of ['GET', 'POST'] as const) {
      const reader = await ask({ token: given, method, headers: { 'apollo-require-preflight': '1' } });
      expect(await reader.error()).toMatchObject({
        path: ['networkDeviceChanged'],
        extensions: {
          code: 'UNAUTHENTICATED',
          rest: { code: 401, message: word },
          requestId: reader.response.headers['x-request-id'],
        },
      });
      expect(reader.response.statusCode).toBe(200);
    }
  });

  it('a level that may nothing', async () => {
    const reader = await ask({ token: await gateway.token('PERSONAL', device.customer) });
    expect((await reader.error()).extensions).toMatchObject({
      code: 'ACCESS_DENIED',
      rest: { code: 403, message: 'access_denied' },
    });
  });

  it.each([
    ['a syntax error', 'subscription { "Zq7canary', {}, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', 'subscription { networkDeviceChanged { x } }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown field of a query', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED'],
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
      'two root fields',
      `subscription { a: networkDeviceChanged { id } b: networkDeviceChanged { id } }`,
      {},
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s', async (_, query, variables, code) => {
    const reader = await ask({ token, query, variables });
    const error = await reader.error();
    expect(reader.response.statusCode).toBe(200);
    expect(reader.response.headers['content-type']).toContain('text/event-stream');
    expect(error.extensions.code).toBe(code);
    expect(reader.events).toHaveLength(2);
    expect(reader.text).not.toContain('Zq7canary');
  });

  it('a device that cannot be read is an error in its event; the stream goes on', async () => {
    const broken = await createDevice(gateway, { customer: device.customer });
    await gateway.sql.query(`UPDATE network_device SET dhcp_reserved_clients = '[{"mac":5}]' WHERE id = $1`, [
      broken.id,
    ]);
    const reader = await watch({ token });
    await touch(gateway, [broken.id]);
    await touch(gateway, [device.id], 'Sound');
    await expect.poll(() => reader.events.length).toBe(2);
    expect(reader.events[0]).toMatchObject({
      event: 'next',
      data: { data: { networkDeviceChanged: null }, errors: [{ extensions: { code: 'INTERNAL_ERROR' } }] },
    });
    gateway.logLines.length = 0;
  });
});

describe('other operations by an "accept" that holds text/event-stream', () => {
  const VIEWER = '{ viewer { accessLevel } }';

  it.each(['POST', 'GET'] as const)('alone, by %s: one event and the last', async (method) => {
    for (let round = 0; round < 2; round += 1) {
      const reader = await ask({ token, method, query: VIEWER });
      await expect.poll(() => reader.isClosed).toBe(true);
      expect(reader.text).toBe(
        'event: next\ndata: {"data":{"viewer":{"accessLevel":"MANAGER"}}}\n\nevent: complete\ndata:\n\n',
      );
    }
  });

  it.each(['application/json', 'application/graphql-response+json', '*/*'])(
    'beside %s: JSON',
    async (type) => {
      const reader = await ask({ token, query: VIEWER, headers: { accept: `text/event-stream, ${type}` } });
      await expect.poll(() => reader.isClosed).toBe(true);
      expect(JSON.parse(reader.text)).toEqual({ data: { viewer: { accessLevel: 'MANAGER' } } });
    },
  );

  it('a mutation by POST is executed; an operation that nobody knows is an event', async () => {
    const mutation = await ask({
      token,
      query: 'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "By events" }) { name } }',
      variables: { id: device.id },
    });
    await expect.poll(() => mutation.isClosed).toBe(true);
    expect(mutation.events[0]).toMatchObject({
      data: { data: { updateNetworkDevice: { name: 'By events' } } },
    });
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'query A { __typename }', operationName: 'B' }),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(
      /^event: next\ndata: .*"BAD_REQUEST".*\n\nevent: complete\ndata:\n\n$/,
    );
  });
});

describe('errors of HTTP stay what they are', () => {
  const post = async (headers: Readonly<Record<string, string>>, body: string): Promise<Response> =>
    await fetch(gateway.url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
      body,
    });
  const get = async (query: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
    await fetch(`${gateway.url}?${new URLSearchParams({ query }).toString()}`, {
      headers: { accept: 'text/event-stream', ...headers },
    });
  const bearer = (): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });
  const MUTATION = 'mutation { retryProvisioning(id: "x") { id } }';

  it.each([
    ['a body that is no JSON', async () => await post({}, '{'), 400],
    ['a body without a document', async () => await post({}, '{}'), 400],
    ['a batch', async () => await post({}, '[{"query":"{ __typename }"}]'), 400],
    [
      'variables that are no object',
      async () => await post({}, JSON.stringify({ query: WATCH, variables: 7 })),
      400,
    ],
    ['a body that is too long', async () => await post({}, `"${'x'.repeat(100_001)}"`), 413],
    ['another type of body', async () => await post({ 'content-type': 'text/plain' }, WATCH), 415],
    ['nothing that the gateway has', async () => await post({ accept: 'text/event-stream;q=0' }, '{}'), 406],
    ['a mutation by GET', async () => await get(MUTATION, bearer()), 405],
    ['a GET that any page could send', async () => await get(WATCH, {}), 400],
    ['a method that is not served', async () => await fetch(gateway.url, { method: 'PUT' }), 405],
  ])('%s', async (_, send, status) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toContain('"requestId":"');
  });

  it('a subscription whose client takes no events learns how to subscribe', async () => {
    const { errors } = await gateway.query('subscription { networkDeviceChanged { id } }', { token });
    expect(errors[0]?.message).toContain('text/event-stream');
    expect(errors[0]?.extensions.code).toBe('BAD_REQUEST');
  });

  it('too many requests: 429, and the stream that runs goes on', async () => {
    const limited = await startTestGateway({ RATE_LIMIT: '2' }, undefined, { credentialRecheckMs: 100 });
    const other = await createDevice(limited);
    const manager = await limited.token('MANAGER', other.customer);
    const reader = await EventReader.watch(limited, { token: manager });
    (await EventReader.open(limited, { token: manager })).close();
    const refused = await EventReader.open(limited, { token: manager });
    expect(refused.response.statusCode).toBe(429);
    expect(refused.response.headers['retry-after']).toBeDefined();
    await touch(limited, [other.id]);
    await reader.receives(1);
    reader.close();
    await limited.stop();
  });
});
