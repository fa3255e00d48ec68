import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { sharedGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from './raw-request.js';

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await sharedGateway();
  device = await createDevice(gateway);
  token = await gateway.token('OWNER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

const OFFERS: readonly [string, string][] = [
  ['no offer', ''],
  ['HTTP/2', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'],
  ['TLS', 'Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n'],
  ['two protocols', 'Connection: Upgrade\r\nUpgrade: h2c, foo/2\r\n'],
];

/** As many as fit, each of them as short as can be. */
const manyHeaders = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${(index % 36).toString(36)}:\r\n`).join('');

const post = (path: string, headers: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}` +
  `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const answers = (text = ''): number => text.split('HTTP/1.1 ').length;

describe.each(OFFERS)('a request with an offer that is not taken: %s', (_, offer) => {
  it.each<[number, number]>([
    [900, 412],
    [1_000, 431],
    [2_000, 431],
    [5_000, 431],
    [20_000, 431],
  ])('If-Match behind %i other headers is read, or the request is refused: %i', async (count, status) => {
    const headers = `Authorization: Bearer ${token}\r\n${offer}${manyHeaders(count)}If-Match: "99"\r\n`;
    const answer = await sendRaw(gateway.url, post(`/network/device/${device.id}`, headers, '{"name":"x"}'));
    expect(answer?.status).toBe(status);
  });

  it.each<[number, number]>([
    [0, 400],
    [900, 400],
    [2_100, 431],
  ])('with %i headers it is one request, whatever its body says', async (count, status) => {
    const inner = post('/graphql', '', '{"query":"{ inner: __typename }"}');
    const answer = await sendRaw(gateway.url, post('/graphql', `${offer}${manyHeaders(count)}`, inner));
    expect(answer?.status).toBe(status);
    expect(answers(answer?.body)).toBe(1);
  });

  it('is read in chunks, and so is what follows it on its connection', async () => {
    const chunks = [...'{"query":"{ one: __typename }"}'.split(/(?= )/), ''].map(chunk).join('');
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    const next = post('/graphql', offer, '{"query":"{ two: __typename }"}');
    const bytes = `${head}${offer}Transfer-Encoding: chunked\r\n\r\n${chunks}${next}`;
    const answer = await sendRaw(gateway.url, bytes);
    expect(answer?.status).toBe(200);
    expect(answer?.body).toMatch(/^\{"data":\{"one":"Query"\}\}/);
    expect(answer?.body).toMatch(/\{"data":\{"two":"Query"\}\}\s*$/);
    expect(answers(answer?.body)).toBe(2);
  });

  it('without a body is answered, 30 times on one connection, and leaves nothing behind', async () => {
    const warnings: unknown[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const get = `GET /health/live HTTP/1.1\r\nHost: x\r\n${offer}\r\n`;
    const answer = await sendRaw(gateway.url, get.repeat(30));
    process.off('warning', warned);
    expect(answers(answer?.body)).toBe(30);
    expect(warnings).toEqual([]);
  });
});

it('an offer takes nothing of the wish to close the connection', async () => {
  const offer = 'Connection: close, Upgrade\r\nUpgrade: h2c\r\n';
  const answer = await sendRaw(gateway.url, post('/graphql', offer, '{"query":"{ __typename }"}'));
  expect(answer?.status).toBe(200);
  expect(answer?.headers.get('connection')).toBe('close');
});

describe('an offer of WebSocket', () => {
  const offer = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';

  it('that comes with a body is refused, and the body is no request', async () => {
    const inner = post('/graphql', '', '{"query":"{ inner: __typename }"}');
    const answer = await sendRaw(gateway.url, post('/graphql', offer, inner));
    expect(answer?.status).toBe(400);
    expect(answers(answer?.body)).toBe(1);
  });

  it.each<[number, number]>([
    [900, 101],
    [2_000, 431],
  ])('with %i other headers: %i', async (count, status) => {
    const key =
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n';
    const bytes = `GET /graphql HTTP/1.1\r\nHost: x\r\n${offer}${manyHeaders(count)}${key}\r\n`;
    expect((await sendRaw(gateway.url, bytes))?.status).toBe(status);
  });
});
