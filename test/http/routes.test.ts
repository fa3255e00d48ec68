import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sharedGateway, type TestGateway } from '../support/gateway.js';
import { sendRaw } from './raw-request.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await sharedGateway();
});
afterAll(async () => {
  await gateway.stop();
});

const at = async (path: string, init: RequestInit = {}): Promise<Response> =>
  await fetch(new URL(path, gateway.url), init);

const PATHS: readonly [string, string][] = [
  ['/graphql', 'GET, HEAD, POST, OPTIONS'],
  ['/', 'GET, HEAD, OPTIONS'],
  ['/explorer', 'GET, HEAD, OPTIONS'],
  ['/explorer/start.js', 'GET, HEAD, OPTIONS'],
  ['/schema.graphql', 'GET, HEAD, OPTIONS'],
  ['/health/live', 'GET, HEAD, OPTIONS'],
  ['/health/ready', 'GET, HEAD, OPTIONS'],
  ['/metrics', 'GET, HEAD, OPTIONS'],
];

describe('every path', () => {
  it.each(PATHS)('%s answers other methods with 405 and says which it has: %s', async (path, allow) => {
    for (const method of ['PUT', 'DELETE', 'PATCH', ...(allow.includes('POST') ? [] : ['POST'])]) {
      const response = await at(path, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe(allow);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    }
  });

  it.each(PATHS)('%s answers OPTIONS without a body', async (path, allow) => {
    const response = await at(path, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('allow')).toBe(allow);
    expect(await response.text()).toBe('');
  });

  it.each(PATHS.slice(1))('%s answers HEAD as GET, without the body', async (path) => {
    const [get, head] = [await at(path), await at(path, { method: 'HEAD' })];
    expect(head.status).toBe(get.status);
    expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
    expect(await head.text()).toBe('');
    expect((await get.text()).length).toBeGreaterThan(0);
  });

  it.each(PATHS)('%s sniffs nothing and says nothing of what it runs on', async (path) => {
    const { headers } = await at(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-request-id')).toMatch(/^[\w.:-]{8,64}$/);
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('server')).toBe(false);
  });
});

describe('a path that is not there', () => {
  it.each(['/explorer//', '/explorer/nope.js', '/explorer/../x', '/health', '/graphql//', '/index.html'])(
    '%s: 404 in JSON, even for a browser',
    async (path) => {
      const response = await at(path, { headers: { accept: 'text/html' } });
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    },
  );
});

describe('a trailing slash changes nothing', () => {
  it.each(PATHS.slice(1).filter(([path]) => path !== '/'))('%s', async (path) => {
    const [plain, slashed] = [await at(path), await at(`${path}/`)];
    expect(slashed.status).toBe(200);
    expect(slashed.headers.get('content-type')).toBe(plain.headers.get('content-type'));
    expect((await at(`${path}/?x=1`)).status).toBe(200);
    expect((await at(`${path}/`, { method: 'DELETE' })).status).toBe(405);
  });

  it('/graphql and the REST page', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = '{"query":"{ __typename }"}';
    const response = await at('/graphql/', { method: 'POST', headers, body });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
    const page = await at(`/network/device/${'a'.repeat(24)}/`);
    expect(page.status).toBe(401);
    expect(await page.json()).toMatchObject({ code: 401, message: 'credentials_invalid' });
  });

  it('nor for WebSocket', async () => {
    const bytes =
      'GET /graphql/?x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n';
    expect((await sendRaw(gateway.url, bytes))?.status).toBe(101);
  });
});

describe('GET /', () => {
  it('shows a browser Apollo Sandbox, under a policy that names what it needs', async () => {
    const response = await at('/', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('vary')).toContain('accept');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('frame-src https://sandbox.embed.apollographql.com');
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(await response.text()).toContain('EmbeddedSandbox');
  });

  it.each(['*/*', 'application/json'])('shows a client that accepts %s where things are', async (accept) => {
    const response = await at('/', { headers: { accept } });
    const links = z.looseObject({ health: z.record(z.string(), z.string()) }).parse(await response.json());
    expect(links).toMatchObject({ graphql: 'graphql', schema: 'schema.graphql' });
    // Relative, so that they lead to the gateway behind a proxy that serves it under a path, too.
    for (const link of [links['explorer'], links['schema'], ...Object.values(links.health)]) {
      expect(new URL(String(link), 'http://proxy/gateway/').pathname).toMatch(/^\/gateway\/\w/);
      expect((await at(`/${String(link)}`)).status).toBe(200);
    }
  });
});

describe('GET /explorer', () => {
  it('runs no script but its own files', async () => {
    const policy = (await at('/explorer')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("worker-src 'self';");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).not.toMatch(/unsafe-eval|blob:|https?:/);
  });

  it.each(['/explorer', '/explorer/'])('names files of this server only: %s', async (path) => {
    const page = await (await at(path)).text();
    const files = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(file).not.toMatch(/^(?:https?:)?\/\//);
      // Also behind a proxy that serves the gateway under a path.
      const { pathname } = new URL(file, `http://proxy/gateway${path}`);
      expect(pathname).toMatch(/^\/gateway\//);
      const response = await at(pathname.replace('/gateway', ''));
      expect(response.status).toBe(200);
      expect(response.headers.get('etag')).toMatch(/^W\/"/);
    }
  });
});
