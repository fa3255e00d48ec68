import { gzipSync } from 'node:zlib';
import { isInputObjectType } from 'graphql';
import type { Dice } from './dice.js';
import type { HostileOperation } from './hostile-documents.js';
import type { HostileRequest, HostileWorld } from './hostile-steps.js';
import { HostileValues } from './hostile-values.js';

const JSON_TYPE = 'application/json';

/** The longest body that is let in, about. */
const BODY_ROOM = 95_000;

/** Node takes 16 kB of headers at most. */
const HEADER_ROOM = 14_000;

const ACCEPTS: readonly string[] = [
  JSON_TYPE,
  'application/graphql-response+json',
  '*/*',
  'text/event-stream',
  'application/json;q=0.1, text/html;q=0.9',
];

/** Sends an operation in one of the ways that HTTP has. */
export function asRequest(
  dice: Dice,
  { authorization }: HostileWorld,
  operation: HostileOperation,
): HostileRequest {
  const headers = {
    'content-type': JSON_TYPE,
    ...(authorization !== undefined && { authorization }),
    ...(dice.isOneIn(3) && { accept: dice.oneOf(ACCEPTS) }),
  };
  const body = JSON.stringify(operation);
  if (dice.isOneIn(6) && body.length < HEADER_ROOM / 2) {
    const asked = Object.entries(operation).map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const path = `/graphql?${new URLSearchParams(asked).toString()}`;
    if (path.length < HEADER_ROOM) {
      const preflighted = { ...headers, 'apollo-require-preflight': 'yes' };
      return { via: 'http', method: 'GET', path, headers: preflighted, body: '' };
    }
  }
  if (dice.isOneIn(6)) return post('/graphql', { ...headers, 'content-encoding': 'gzip' }, gzipSync(body));
  return post('/graphql', headers, body);
}

/** A body that is no request, or is one with more to it. */
export function oddBody(dice: Dice, { authorization, ids }: HostileWorld): HostileRequest {
  const values = new HostileValues(dice, ids);
  const query = '{ __typename }';
  const depth = dice.oneOf([100, 10_000, 45_000]);
  const bodies: readonly (() => string)[] = [
    () => '['.repeat(depth),
    () => `${'['.repeat(depth)}${']'.repeat(depth)}`,
    () => `${'{"a":'.repeat(depth / 5)}1${'}'.repeat(depth / 5)}`,
    () => `{"query": "{ __typename }", "variables": ${'['.repeat(depth)}${']'.repeat(depth)}}`,
    () => `{"query": "{ __typename }", "variables": {"a": ${'['.repeat(depth)}${']'.repeat(depth)}}}`,
    () => `{${`"query": ${JSON.stringify(query)}, `.repeat(2_000)}"a": 1}`,
    () => JSON.stringify(Array.from({ length: 1_000 }, () => ({ query }))),
    () => JSON.stringify({ query, variables: values.odd(BODY_ROOM) }),
    () => JSON.stringify({ query, extensions: values.odd(BODY_ROOM) }),
    () => JSON.stringify({ query: values.odd(BODY_ROOM) }),
    () => JSON.stringify({ query, operationName: values.odd(BODY_ROOM) }),
    () => JSON.stringify({ query, documentId: values.odd(BODY_ROOM) }),
    () =>
      JSON.stringify({
        extensions: { persistedQuery: { version: 1, sha256Hash: values.odd(BODY_ROOM) } },
      }),
    () => JSON.stringify({ query: `{ ${values.text(BODY_ROOM / 2)} }` }),
    () => JSON.stringify({ query: `{ a(b: "${values.text(BODY_ROOM / 2)}") }` }),
    () => JSON.stringify({ query: `{ a } ${'query A { b } '.repeat(dice.oneOf([100, 900, 6_000]))}` }),
    () => JSON.stringify({ query: `query (${'$a: Int '.repeat(dice.oneOf([100, 900, 6_000]))}) { a }` }),
    () => `1${'0'.repeat(BODY_ROOM)}`,
    () => '\uFEFF{}',
    () => `${' '.repeat(BODY_ROOM)}{}`,
    () => JSON.stringify(values.odd(BODY_ROOM)),
    () => 'x'.repeat(2_000_000),
  ];
  const body = dice.oneOf(bodies)();
  const headers = {
    'content-type': dice.oneOf([
      JSON_TYPE,
      JSON_TYPE,
      JSON_TYPE,
      `${JSON_TYPE};${' charset=utf-8;'.repeat(500)}`,
    ]),
    ...(authorization !== undefined && { authorization }),
  };
  if (dice.isOneIn(5)) return post('/graphql', { ...headers, 'content-encoding': 'gzip' }, gzipSync(body));
  return post('/graphql', headers, body);
}

/** A body that is small, and large once it is inflated. */
export function inflating(dice: Dice, { authorization }: HostileWorld): HostileRequest {
  const size = dice.oneOf([100_000, 1_000_000, 60_000_000]);
  const body = gzipSync(Buffer.alloc(size, dice.oneOf([' ', '[', '0'])));
  const coding = dice.oneOf(['gzip', 'gzip', 'gzip, gzip', 'deflate', 'br', 'GZIP']);
  const headers = {
    'content-type': JSON_TYPE,
    'content-encoding': coding,
    ...(authorization !== undefined && { authorization }),
  };
  return post('/graphql', headers, dice.isOneIn(3) ? gzipSync(body) : body);
}

/** A request for the REST page. */
export function pageRequest(dice: Dice, { authorization, ids, schema }: HostileWorld): HostileRequest {
  const values = new HostileValues(dice, ids);
  const text = dice.isOneIn(2) ? 'x'.repeat(HEADER_ROOM / 2) : percentEncoded(values.text(1_000));
  const id = dice.isOneIn(3) ? text : dice.oneOf(ids);
  const type = schema.getType('DeviceUpdateInput');
  const input = isInputObjectType(type) ? type : undefined;
  const reservations = dice.oneOf([{}, { mac: 1 }, { mac: '1', ip: '1' }, null, [], 'x']);
  const count = BODY_ROOM / (JSON.stringify(reservations).length + 1);
  const bodies: readonly (() => unknown)[] = [
    () => (input === undefined ? {} : values.of(input, BODY_ROOM)),
    () => (input === undefined ? {} : values.of(input, BODY_ROOM)),
    () => ({ dhcp: { reservedClients: Array.from({ length: count }, () => reservations) } }),
    () => ({ network: { wireless: values.odd(BODY_ROOM) } }),
    () => ({ [values.text(BODY_ROOM / 2)]: 1 }),
    () => ({ wifi: { [values.text(BODY_ROOM / 2)]: 1 } }),
    () => values.odd(BODY_ROOM),
  ];
  const long = 'x'.repeat(dice.oneOf([1, 300, HEADER_ROOM / 2]));
  const headers = {
    'content-type': JSON_TYPE,
    ...(authorization !== undefined && { authorization }),
    ...(dice.isOneIn(4) && {
      'if-match': dice.oneOf([`"${long}"`, '*', `W/"${long}"`, '"1", '.repeat(900)]),
    }),
    ...(dice.isOneIn(4) && { 'idempotency-key': long }),
  };
  if (dice.isOneIn(3))
    return { via: 'http', method: 'GET', path: `/network/device/${id}`, headers, body: '' };
  return post(`/network/device/${id}`, headers, JSON.stringify(dice.oneOf(bodies)()));
}

/** A small question with much around it. */
export function oddHeaders(dice: Dice, { authorization }: HostileWorld): HostileRequest {
  const room = HEADER_ROOM / 2;
  const list = (item: string): string => item.repeat(Math.floor(room / item.length));
  const part = Buffer.from(list('{"a":1}')).toString('base64url');
  const odd: readonly (() => Readonly<Record<string, string>>)[] = [
    () => Object.fromEntries(Array.from({ length: 1_200 }, (_, index) => [`h${index}`, '1'])),
    () => ({ accept: list('a/b;q=0.1,') }),
    () => ({ accept: list(',') }),
    () => ({ 'accept-encoding': list('gzip;q=0.1,') }),
    () => ({ 'content-type': `${JSON_TYPE};${list(' a=b;')}` }),
    () => ({ cookie: list('a=b; ') }),
    () => ({ 'x-forwarded-for': list('1.2.3.4, ') }),
    () => ({ 'x-request-id': list('x') }),
    () => ({ authorization: `Bearer ${list('a')}` }),
    () => ({ authorization: `Bearer ${list('a.')}` }),
    () => ({ authorization: `Bearer${list(' ')}x` }),
    () => ({ authorization: `Bearer eyJhbGciOiJub25lIn0.${part}.` }),
    () => ({ authorization: `Bearer eyJhbGciOiJFUzI1NiJ9.${part}.${list('A')}` }),
    () => ({ authorization: list('Basic ') }),
    () => ({ origin: `http://${list('a')}` }),
    () => ({
      'access-control-request-headers': list('a,'),
      origin: 'http://a',
      'access-control-request-method': 'POST',
    }),
    () => ({ connection: 'Upgrade', upgrade: 'h2c' }),
    () => ({ connection: 'Upgrade', upgrade: list('a/1, ') }),
    () => ({ expect: list('a') }),
    () => ({ 'if-none-match': list('"a", ') }),
    () => ({ te: list('trailers, ') }),
  ];
  const headers = {
    'content-type': JSON_TYPE,
    ...(authorization !== undefined && { authorization }),
    ...dice.oneOf(odd)(),
  };
  const path = dice.oneOf([
    '/graphql',
    '/graphql',
    '/graphql/',
    '/network/device/1',
    '/schema.graphql',
    '/nothing',
  ]);
  if (dice.isOneIn(5)) return { via: 'http', method: 'OPTIONS', path, headers, body: '' };
  return post(path, headers, JSON.stringify({ query: '{ __typename }' }));
}

/** A request for what stands beside the API. */
export function otherPath(dice: Dice): HostileRequest {
  const path = dice.oneOf([
    '/',
    '/explorer',
    '/schema.graphql',
    '/health/live',
    '/health/ready',
    '/metrics',
    '/a',
  ]);
  const tail = dice.oneOf([
    '',
    '/',
    '/'.repeat(6_000),
    '%2e%2e/'.repeat(1_000),
    `?${'a=b&'.repeat(3_000)}`,
    '?query=%7B',
    '%',
  ]);
  const method = dice.oneOf(['GET', 'GET', 'HEAD', 'DELETE', 'PUT', 'OPTIONS', 'POST']);
  const headers = { accept: dice.oneOf(['*/*', 'text/html', JSON_TYPE]) };
  return { via: 'http', method, path: `${path}${tail}`, headers, body: '' };
}

function post(path: string, headers: HostileRequest['headers'], body: string | Buffer): HostileRequest {
  return { via: 'http', method: 'POST', path, headers, body };
}

function percentEncoded(text: string): string {
  return Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
