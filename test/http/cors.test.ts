import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const STUDIO = 'https://studio.apollographql.com';
const PORTAL = 'https://portal.example';

let byDefault: TestGateway;
let chosen: TestGateway;
beforeAll(async () => {
  byDefault = await startTestGateway();
  chosen = await startTestGateway({
    CORS_ORIGINS: `${PORTAL}, http://localhost:3000`,
    CORS_HEADERS: 'X-Tenant, x_trace.id, Authorization',
  });
});
afterAll(async () => {
  await byDefault.stop();
  await chosen.stop();
});

async function preflight({ url }: TestGateway, origin: string): Promise<Response> {
  return await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
}

async function post(
  { url }: TestGateway,
  origin: string,
  body = '{"query":"{ __typename }"}',
): Promise<Response> {
  return await fetch(url, { method: 'POST', body, headers: { origin, 'content-type': 'application/json' } });
}

const corsNames = ({ headers }: Response): readonly string[] =>
  [...headers.keys()].filter((name) => name.startsWith('access-control-'));

describe('an origin on the list', () => {
  it.each([
    ['Apollo Studio, when nothing is set', () => byDefault, STUDIO],
    ['the first of CORS_ORIGINS', () => chosen, PORTAL],
    ['the last of CORS_ORIGINS', () => chosen, 'http://localhost:3000'],
  ])('%s may ask first', async (_, gateway, origin) => {
    const response = await preflight(gateway(), origin);
    expect(response.status).toBe(204);
    const { headers } = response;
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toContain('POST');
    const allowed = headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(
      expect.arrayContaining(['content-type', 'authorization', 'apollo-require-preflight', 'x-request-id']),
    );
    expect(Number(headers.get('access-control-max-age'))).toBeGreaterThan(0);
    expect(headers.get('vary')).toMatch(/\borigin\b/);
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it.each([
    ['a result', '{"query":"{ __typename }"}', 200],
    ['a fault', 'no JSON', 400],
  ])('may read %s', async (_, body, status) => {
    const response = await post(chosen, PORTAL, body);
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(PORTAL);
    expect(response.headers.get('access-control-expose-headers')).toMatch(/\betag\b/);
    expect(response.headers.get('vary')).toMatch(/\borigin\b/);
  });
});

describe('the headers that a page may send', () => {
  const allowedBy = async (gateway: TestGateway, origin: string): Promise<readonly string[]> =>
    (await preflight(gateway, origin)).headers.get('access-control-allow-headers')?.split(', ') ?? [];

  it.each([
    'content-encoding',
    'idempotency-key',
    'traceparent',
    'tracestate',
    'baggage',
    'sentry-trace',
    'x-requested-with',
    'apollographql-client-name',
    'apollographql-client-version',
    'graphql-client-name',
    'graphql-client-version',
  ])('%s always', async (name) => {
    expect(await allowedBy(byDefault, STUDIO)).toContain(name);
    expect(await allowedBy(chosen, PORTAL)).toContain(name);
  });

  it('and those of CORS_HEADERS, in lower case', async () => {
    expect(await allowedBy(chosen, PORTAL)).toEqual(expect.arrayContaining(['x-tenant', 'x_trace.id']));
    expect(await allowedBy(byDefault, STUDIO)).not.toContain('x-tenant');
  });

  it('each once', async () => {
    const names = await allowedBy(chosen, PORTAL);
    expect(new Set(names).size).toBe(names.length);
  });

  it('of an answer it may read what says how to go on', async () => {
    const exposed = (await post(chosen, PORTAL)).headers.get('access-control-expose-headers');
    expect(exposed).toBe('x-request-id, etag, retry-after, idempotency-replayed');
  });

  it.each(['*', 'x tenant', 'x-tenant,', 'x-tenant;x-other', 'ø', 'x:y'])(
    'CORS_HEADERS %s is refused, because it is no list of names',
    (value) => {
      expect(() => readSettings({ CORS_HEADERS: value })).toThrow(/CORS_HEADERS entry \d is no name/);
    },
  );
});

describe('an origin that is not on the list gets no header of CORS', () => {
  it.each([
    'https://evil.example',
    'https://portal.example.evil.example',
    'http://portal.example',
    'https://portal.example:8443',
    'https://PORTAL.example',
    'null',
    '*',
    STUDIO,
  ])('%s', async (origin) => {
    for (const response of [await preflight(chosen, origin), await post(chosen, origin)]) {
      expect(corsNames(response)).toEqual([]);
      expect(response.headers.get('vary')).toMatch(/\borigin\b/);
    }
  });
});

describe('CORS_ORIGINS', () => {
  it.each([
    '*',
    'null',
    'portal.example',
    'https://portal.example/',
    'https://portal.example/path',
    'https://PORTAL.example',
    'https://portal.example:443',
    'file:///tmp',
    `${PORTAL},`,
    `${PORTAL};https://b.example`,
  ])('%s is refused, because no browser would send it so', (value) => {
    expect(() => readSettings({ CORS_ORIGINS: value })).toThrow(/CORS_ORIGINS entry \d is no origin/);
  });
});
