import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await sharedGateway();
});
afterAll(async () => {
  await gateway.stop();
});

interface Bytes {
  readonly coding: string | undefined;
  readonly vary: string | undefined;
  readonly length: number;
  readonly text: string;
}

/** fetch() decodes what it gets; this does not. */
async function send(path: string, body?: string, acceptEncoding?: string): Promise<Bytes> {
  return await new Promise((resolve, reject) => {
    const headers = {
      ...(acceptEncoding !== undefined && { 'accept-encoding': acceptEncoding }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const call = request(new URL(path, gateway.url), {
      method: body === undefined ? 'GET' : 'POST',
      headers,
    });
    call.on('error', reject);
    call.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const coding = response.headers['content-encoding'];
        expect(response.headers['content-length']).toBe(String(bytes.length));
        const decode = { br: brotliDecompressSync, gzip: gunzipSync }[coding ?? ''];
        const text = (decode?.(bytes) ?? bytes).toString('utf8');
        resolve({ coding, vary: response.headers.vary, length: bytes.length, text });
      });
    });
    call.end(body);
  });
}

const LONG = JSON.stringify({
  query: '{ __schema { types { name description fields { name description } } } }',
});
const SHORT = JSON.stringify({ query: '{ __typename }' });

describe('answers are compressed when the client takes it and it pays', () => {
  it.each<[string, string | undefined]>([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.2, gzip;q=0.8', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['*', 'br'],
    ['*;q=0', undefined],
    ['identity', undefined],
    ['deflate, zstd', undefined],
    ['gzip;q=nonsense', undefined],
    ['', undefined],
  ])('%j: %s', async (acceptEncoding, coding) => {
    const plain = await send('/graphql', LONG);
    for (const [path, body] of [['/graphql', LONG], ['/schema.graphql']] as const) {
      const answer = await send(path, body, acceptEncoding);
      expect(answer.coding).toBe(coding);
      expect(answer.vary).toContain('accept-encoding');
      if (path === '/graphql') expect(answer.text).toBe(plain.text);
      if (coding !== undefined) expect(answer.length).toBeLessThan(answer.text.length / 2);
    }
  });

  it('an answer that fits into one packet is left alone', async () => {
    expect((await send('/graphql', SHORT, 'br, gzip')).coding).toBeUndefined();
  });

  it('so is every answer for a client that does not ask', async () => {
    expect((await send('/graphql', LONG)).coding).toBeUndefined();
  });
});
