import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const STUDIO = 'https://studio.apollographql.com';
const PORTAL = 'https://portal.example';

let byDefault: TestGateway;
let chosen: TestGateway;
beforeAll(async () => {
  byDefault = await startTestGateway();
  chosen = await startTestGateway({ CORS_ORIGINS: `${PORTAL}, http://localhost:3000` });
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
    expect(response.headers.get('access-control-expose-headers')).toBe('x-request-id, etag, retry-after');
    expect(response.headers.get('vary')).toMatch(/\borigin\b/);
  });
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
