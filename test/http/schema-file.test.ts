import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
});

const get = async (headers: Record<string, string> = {}): Promise<Response> =>
  await fetch(new URL('/schema.graphql', gateway.url), { headers });

describe('GET /schema.graphql', () => {
  it('is the committed file, byte for byte', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toBe(
      await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8'),
    );
  });

  it('is not sent to a client that has it, however it got it', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    expect(etag).toMatch(/^W\/"[\w-]{43}"$/);
    const strong = etag.replace('W/', '');
    for (const known of [
      etag,
      strong,
      etag.replace(/"$/, '-gzip"'),
      `"other", ${etag}`,
      `${etag},"other"`,
      '*',
    ]) {
      const response = await get({ 'if-none-match': known, 'accept-encoding': 'br' });
      expect(response.status).toBe(304);
      expect(response.headers.get('etag')).toBe(etag);
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toBe('');
    }
  });

  it.each(['"other"', 'W/"other"', '""', 'nonsense'])('is sent to a client that has %s', async (known) => {
    expect((await get({ 'if-none-match': known })).status).toBe(200);
  });

  it('is closed with introspection', async () => {
    const closed = await startTestGateway({ INTROSPECTION: 'false' });
    try {
      const response = await fetch(new URL('/schema.graphql', closed.url));
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('NetworkDevice');
    } finally {
      await closed.stop();
    }
  });
});
