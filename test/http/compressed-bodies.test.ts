import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway, wireError } from '../support/gateway.js';

const MAX_BODY_BYTES = 2_000;

let gateway: TestGateway;
let device: TestDevice;
let authorization: string;
beforeAll(async () => {
  gateway = await startTestGateway({ MAX_BODY_BYTES: String(MAX_BODY_BYTES) });
  device = await createDevice(gateway);
  authorization = `Bearer ${await gateway.token('OWNER', device.customer)}`;
});
afterAll(async () => {
  await gateway.stop();
});

const QUERY = JSON.stringify({ query: '{ __typename }' });
/** A body of exactly this many bytes. */
const bodyOf = (bytes: number): string => QUERY + ' '.repeat(bytes - QUERY.length);

async function post(body: Buffer | string, coding: string | undefined, path = '/graphql'): Promise<Response> {
  return await fetch(new URL(path, gateway.url), {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      authorization,
      ...(coding !== undefined && { 'content-encoding': coding }),
    },
  });
}

describe('a body is read', () => {
  it.each<[string, string | undefined, Buffer]>([
    ['as it is', undefined, Buffer.from(QUERY)],
    ['as identity', 'identity', Buffer.from(QUERY)],
    ['as Identity', 'Identity', Buffer.from(QUERY)],
    ['as gzip', 'gzip', gzipSync(QUERY)],
    ['as GZIP', 'GZIP', gzipSync(QUERY)],
    ['as x-gzip', 'x-gzip', gzipSync(QUERY)],
    ['as gzip and identity', 'gzip, identity', gzipSync(QUERY)],
    ['in several members', 'gzip', Buffer.concat([gzipSync(QUERY.slice(0, 9)), gzipSync(QUERY.slice(9))])],
    ['as gzip of MAX_BODY_BYTES', 'gzip', gzipSync(bodyOf(MAX_BODY_BYTES))],
  ])('%s', async (_, coding, body) => {
    const response = await post(body, coding);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('as gzip by the REST page too', async () => {
    const response = await post(gzipSync('{"notes":"Inflated"}'), 'gzip', `/network/device/${device.id}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ notes: 'Inflated' });
  });
});

describe('a body is refused', () => {
  const codesIn = (body: unknown): unknown =>
    z
      .object({ errors: z.array(wireError) })
      .parse(body)
      .errors.map(({ extensions }) => extensions.code);

  it.each<[string, string, Buffer, number, string]>([
    [
      'one byte beyond after inflation',
      'gzip',
      gzipSync(bodyOf(MAX_BODY_BYTES + 1)),
      413,
      'OPERATION_TOO_LARGE',
    ],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(1_500_000)), 413, 'OPERATION_TOO_LARGE'],
    ['too long before inflation', 'gzip', Buffer.alloc(MAX_BODY_BYTES + 1), 413, 'OPERATION_TOO_LARGE'],
    ['cut short', 'gzip', gzipSync(QUERY).subarray(0, -9), 400, 'BAD_REQUEST'],
    ['without its checksum', 'gzip', gzipSync(QUERY).subarray(0, -8), 400, 'BAD_REQUEST'],
    ['not compressed at all', 'gzip', Buffer.from(QUERY), 400, 'BAD_REQUEST'],
    ['empty', 'gzip', Buffer.alloc(0), 400, 'BAD_REQUEST'],
    ['gzip of what is no JSON', 'gzip', gzipSync('no JSON'), 400, 'BAD_REQUEST'],
    ['deflate', 'deflate', deflateSync(QUERY), 415, 'BAD_REQUEST'],
    ['brotli', 'br', brotliCompressSync(QUERY), 415, 'BAD_REQUEST'],
    ['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(QUERY)), 415, 'BAD_REQUEST'],
    ['a coding that nobody knows', 'nonsense', Buffer.from(QUERY), 415, 'BAD_REQUEST'],
  ])('%s', async (_, coding, body, status, code) => {
    const response = await post(body, coding);
    expect(response.status).toBe(status);
    expect(codesIn(await response.json())).toEqual([code]);
    expect(response.headers.get('accept-encoding')).toBe(status === 415 ? 'gzip, identity' : null);
  });
});
