import { ApolloServer } from '@apollo/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({ MAX_BODY_BYTES: '2000', MAX_TOKENS: '100', MAX_ROOT_FIELDS: '98' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

type Body = NonNullable<RequestInit['body']>;

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function send(init: RequestInit, target = gateway.url): Promise<Reply> {
  const response = await fetch(target, init);
  const body: unknown = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body };
}

async function post(body: Body, headers: Record<string, string> = {}): Promise<Reply> {
  return await send({ method: 'POST', body, headers: { 'content-type': JSON_TYPE, ...headers } });
}

function expectError(
  { headers, body }: Reply,
  code: string,
  restCode = 400,
  restMessage = 'bad_request',
): void {
  expect(headers.get('content-type')).toMatch(/json/);
  expect(body).toMatchObject({
    errors: [
      {
        message: textLike(/./),
        extensions: {
          code,
          rest: { code: restCode, message: restMessage },
          retryable: false,
          requestId: headers.get('x-request-id'),
        },
      },
    ],
  });
}

describe('a request that is not understood gets a coded JSON error with its own HTTP status', () => {
  it.each<[string, Body]>([
    ['malformed JSON', '{"query": '],
    ['an empty body', ''],
    ['a text', '"{ __typename }"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no query', '{}'],
    ['a query that is no text', '{"query": 1}'],
    ['variables that are no object', '{"query": "{ __typename }", "variables": "x"}'],
    ['text that is no UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
  ])('%s: 400', async (_, body) => {
    const reply = await post(body);
    expect(reply.status).toBe(400);
    expectError(reply, 'BAD_REQUEST');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonx'])(
    'content type %s: 415',
    async (type) => {
      const reply = await post('{"query":"{ __typename }"}', { 'content-type': type });
      expect(reply.status).toBe(415);
      expectError(reply, 'BAD_REQUEST');
    },
  );

  it('a body without content type: 415', async () => {
    const reply = await send({
      method: 'POST',
      body: new Uint8Array(Buffer.from('{"query":"{ __typename }"}')),
    });
    expect(reply.status).toBe(415);
  });

  it('a body above MAX_BODY_BYTES: 413, with its length announced or not', async () => {
    const body = JSON.stringify({ query: `{ __typename } #${'x'.repeat(2_000)}` });
    const announced = await post(body);
    expect(announced.status).toBe(413);
    expectError(announced, 'OPERATION_TOO_LARGE');
    const stream = new Blob([body]).stream();
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': JSON_TYPE },
    };
    const chunked = await send(init);
    expect(chunked.status).toBe(413);
    expectError(chunked, 'OPERATION_TOO_LARGE');
  });

  it('a body of exactly MAX_BODY_BYTES is taken', async () => {
    const frame = JSON.stringify({ query: '{ __typename } #' });
    const body = JSON.stringify({ query: `{ __typename } #${'x'.repeat(2_000 - frame.length)}` });
    expect(Buffer.byteLength(body)).toBe(2_000);
    expect((await post(body)).status).toBe(200);
  });

  it.each(['/nope', '/graphql/x', '/graphqlx', '/api', '/%00', '/..%2f..%2fetc'])('%s: 404', async (path) => {
    for (const method of ['GET', 'POST']) {
      const reply = await send({ method }, new URL(path, gateway.url).href);
      expect(reply.status).toBe(404);
      expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
      expect(reply.body).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });

  it.each(['PUT', 'DELETE', 'PATCH'])('%s: 405, with the methods that work', async (method) => {
    const reply = await send({ method, headers: { 'content-type': JSON_TYPE } });
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toMatch(/POST/);
    expectError(reply, 'BAD_REQUEST');
  });
});

describe('a document that is not executed: 4xx for clients of GraphQL over HTTP, 200 for application/json', () => {
  const DOCUMENTS: readonly [string, string, object][] = [
    ['GRAPHQL_PARSE_FAILED', '{ nope', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ nope }', {}],
    ['BAD_USER_INPUT', 'query ($id: ID!) { networkDevice(id: $id) { id } }', { id: [1] }],
    ['BAD_USER_INPUT', 'query ($id: ID!) { networkDevice(id: $id) { id } }', {}],
    ['OPERATION_TOO_LARGE', `{ ${'viewer { id } '.repeat(40)} }`, {}],
  ];
  it.each(DOCUMENTS)('%s: %s', async (code, query, variables) => {
    const body = JSON.stringify({ query, variables });
    const plain = await post(body, { accept: JSON_TYPE });
    expect(plain.status).toBe(200);
    expect(plain.headers.get('content-type')).toMatch(/^application\/json/);
    expectError(plain, code);
    expect(plain.body).not.toHaveProperty('data');
    const modern = await post(body, { accept: RESPONSE_TYPE });
    expect(modern.status).toBe(400);
    expect(modern.headers.get('content-type')).toMatch(/^application\/graphql-response\+json/);
    expectError(modern, code);
    expect(modern.body).not.toHaveProperty('data');
  });

  it.each<[string, object]>([
    ['an operation that is not there', { query: 'query A { __typename }', operationName: 'B' }],
    ['two operations and no name', { query: 'query A { __typename } query B { __typename }' }],
    ['a subscription', { query: 'subscription { networkDeviceChanged { id } }' }],
  ])('%s', async (_, request) => {
    const body = JSON.stringify(request);
    for (const headers of [{}, { accept: JSON_TYPE }, { accept: '*/*' }]) {
      const plain = await post(body, headers);
      expect(plain.status).toBe(200);
      expect(plain.headers.get('content-type')).toBe(`${JSON_TYPE}; charset=utf-8`);
      expectError(plain, 'BAD_REQUEST');
      expect(plain.body).not.toHaveProperty('data');
    }
    const modern = await post(body, { accept: RESPONSE_TYPE });
    expect(modern.status).toBe(400);
    expectError(modern, 'BAD_REQUEST');
  });

  it('an empty operationName is none, whether the document is known or not, by POST and GET', async () => {
    const query = 'query OnlyOne { __typename }';
    const expected = { status: 200, body: { data: { __typename: 'Query' } } };
    for (let time = 0; time < 3; time += 1) {
      expect(await post(JSON.stringify({ query, operationName: '' }))).toMatchObject(expected);
    }
    const search = new URLSearchParams({ query: `${query} # by GET`, operationName: '' }).toString();
    const headers = { 'apollo-require-preflight': '1' };
    expect(await send({ headers }, `${gateway.url}?${search}`)).toMatchObject(expected);
  });

  it.each([JSON_TYPE, RESPONSE_TYPE])('what was executed is 200 for %s, errors included', async (accept) => {
    const query = 'mutation { updateNetworkDevice(id: "no-id", input: {}) { id } }';
    const reply = await post(JSON.stringify({ query }), { accept, authorization: `Bearer ${token}` });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ data: { updateNetworkDevice: null } });
    expectError(reply, 'ACCESS_DENIED', 403, 'access_denied');
  });

  it('a document of MAX_TOKENS tokens is taken', async () => {
    // Braces and 98 names.
    const query = `{ ${'__typename '.repeat(98)} }`;
    expect(await post(JSON.stringify({ query }))).toMatchObject({ status: 200, body: { data: {} } });
    const more = await post(JSON.stringify({ query: `{ ${'__typename '.repeat(101)} }` }));
    expectError(more, 'OPERATION_TOO_LARGE');
  });
});

describe('the type of the answer', () => {
  const NOTES = `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "unheard" }) { id } }`;

  it('is JSON whatever its parameters; a type that answers never have is refused before anything is executed', async () => {
    const body = JSON.stringify({ query: NOTES, variables: { id: device.id } });
    const headers = { authorization: `Bearer ${token}` };
    const refused = await post(body, { ...headers, accept: 'text/html' });
    expect(refused.status).toBe(406);
    expectError(refused, 'BAD_REQUEST');
    const { rows } = await gateway.sql.query('SELECT notes FROM network_device WHERE id = $1', [device.id]);
    expect(rows).not.toEqual([{ notes: 'unheard' }]);
    expect((await post(body, { ...headers, accept: 'application/json;v=2' })).status).toBe(200);
  });

  it('however many of them are invented, known documents go their short way', async () => {
    const throughApollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
    try {
      const body = JSON.stringify({ query: 'query Invented { __typename }' });
      expect((await post(body)).status).toBe(200);
      throughApollo.mockClear();
      for (let count = 0; count < 150; count += 1) {
        expect((await post(body, { accept: `application/json;invented=${count}` })).status).toBe(200);
      }
      expect((await post(body, { accept: `text/plain, ${RESPONSE_TYPE}` })).status).toBe(200);
      expect(throughApollo).not.toHaveBeenCalled();
    } finally {
      throughApollo.mockRestore();
    }
  });
});

describe('GET /graphql reads', () => {
  const get = async (query: string, headers: Record<string, string> = {}): Promise<Reply> =>
    await send(
      {
        headers: {
          accept: JSON_TYPE,
          authorization: `Bearer ${token}`,
          'apollo-require-preflight': '1',
          ...headers,
        },
      },
      `${gateway.url}?query=${encodeURIComponent(query)}`,
    );

  it('a query', async () => {
    const reply = await get(`{ networkDevice(id: "${device.id}") { name } }`);
    expect(reply).toMatchObject({ status: 200, body: { data: { networkDevice: { name: 'Johns router' } } } });
  });

  it.each([JSON_TYPE, RESPONSE_TYPE])('and refuses a mutation with 405, unexecuted (%s)', async (accept) => {
    const reply = await get(
      `mutation { updateNetworkDevice(id: "${device.id}", input: { name: "By GET" }) { id } }`,
      { accept },
    );
    expect(reply.status).toBe(405);
    expectError(reply, 'BAD_REQUEST');
    const { rows } = await gateway.sql.query('SELECT name FROM network_device WHERE id = $1', [device.id]);
    expect(rows).toEqual([{ name: 'Johns router' }]);
  });
});

describe('every answer has a request id', () => {
  it.each(['abc', 'A-1_b:2.c', 'x'.repeat(64)])('the sane one that came along: %s', async (id) => {
    const { headers, errors } = await gateway.query('{ nope }', { headers: { 'x-request-id': id } });
    expect(headers.get('x-request-id')).toBe(id);
    expect(errors[0]?.extensions.requestId).toBe(id);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(1_000), '"', '{"a":1}', '<script>', 'ø'])(
    'a new one in place of %j',
    async (id) => {
      const { headers, errors } = await gateway.query('{ viewer { id } }', {
        headers: { 'x-request-id': id },
      });
      expect(headers.get('x-request-id')).toMatch(/^[\w.:-]{8,64}$/);
      expect(errors[0]?.extensions.requestId).toBe(headers.get('x-request-id'));
    },
  );

  it('two requests have two', async () => {
    const [first, second] = await Promise.all([
      gateway.query('{ __typename }'),
      gateway.query('{ __typename }'),
    ]);
    expect(first.headers.get('x-request-id')).not.toBe(second.headers.get('x-request-id'));
  });
});
