import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';
import { localClaims, localKey, sign } from '../support/tokens.js';

const VIEWER = '{ viewer { id } }';

let gateway: TestGateway;
let device: TestDevice;
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '5', TRUSTED_PROXIES: '127.0.0.0/8, ::1' });
  device = await createDevice(gateway);
});
afterAll(async () => {
  await gateway.stop();
});

let subjects = 0;
/** A token of somebody who was never here before. */
async function newToken(): Promise<string> {
  subjects += 1;
  return await sign(localClaims(device.customer, { sub: `somebody-${subjects}` }), localKey(gateway));
}

/** An address that was never here before, as a trusted proxy tells it. */
function newAddress(): Record<string, string> {
  subjects += 1;
  return { 'x-forwarded-for': `203.0.113.${subjects}` };
}

async function page(headers: Record<string, string>, method = 'GET'): Promise<Response> {
  return await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
    method,
    headers: { ...headers, ...(method === 'POST' && { 'content-type': 'application/json' }) },
    ...(method === 'POST' && { body: '{"notes":"x"}' }),
  });
}

async function statuses(count: number, ask: () => Promise<{ readonly status: number }>): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index += 1) found.push((await ask()).status);
  return found;
}

describe('a subject has RATE_LIMIT requests per minute', () => {
  it('on /graphql; then 429 with the time to wait, unexecuted', async () => {
    const token = await newToken();
    const ask = async () => await gateway.query(VIEWER, { token });
    expect(await statuses(5, ask)).toEqual([200, 200, 200, 200, 200]);
    const { status, headers, errors, data } = await ask();
    expect(status).toBe(429);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'RATE_LIMITED',
          rest: { code: 429, message: 'rate_limited' },
          retryable: true,
          requestId: headers.get('x-request-id'),
        },
      },
    ]);
    const wait = errors[0]?.extensions.retryAfterMs ?? 0;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(12_000);
    expect(headers.get('retry-after')).toBe(String(Math.ceil(wait / 1_000)));
    expect(headers.get('content-type')).toMatch(/json/);
  });

  it.each(['GET', 'POST'])(
    'on the REST page, in the same budget and in its own shape (%s)',
    async (method) => {
      const token = await newToken();
      const headers = { authorization: `Bearer ${token}` };
      expect(await statuses(3, async () => await gateway.query(VIEWER, { token }))).toEqual([200, 200, 200]);
      expect(await statuses(2, async () => await page(headers, method))).toEqual([200, 200]);
      const response = await page(headers, method);
      expect(response.status).toBe(429);
      expect(await response.json()).toEqual({
        code: 429,
        message: 'rate_limited',
        description: textLike(/Too many/),
      });
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await gateway.query(VIEWER, { token })).status).toBe(429);
    },
  );

  it('wherever it comes from, with any number of tokens', async () => {
    const claims = localClaims(device.customer, { sub: 'everywhere' });
    const found: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      const token = await sign({ ...claims, jti: String(index) }, localKey(gateway));
      found.push((await gateway.query(VIEWER, { token, headers: newAddress() })).status);
    }
    expect(found).toEqual([200, 200, 200, 200, 200, 429]);
  });

  it('and another subject at the same address has its own', async () => {
    const [one, other] = [await newToken(), await newToken()];
    const headers = newAddress();
    expect(await statuses(6, async () => await gateway.query(VIEWER, { token: one, headers }))).toContain(
      429,
    );
    expect((await gateway.query(VIEWER, { token: other, headers })).status).toBe(200);
  });
});

describe('requests without a valid token count for their address', () => {
  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['one that is no token', { authorization: 'Bearer nonsense' }],
    ['no Bearer', { authorization: 'Basic eA==' }],
  ])('%s', async (_, more) => {
    const headers = { ...newAddress(), ...more };
    const ask = async () => await gateway.query('{ __typename }', { headers });
    expect(await statuses(6, ask)).toEqual([200, 200, 200, 200, 200, 429]);
    expect((await page(headers)).status).toBe(429);
    const elsewhere = { ...newAddress(), ...more };
    expect((await gateway.query('{ __typename }', { headers: elsewhere })).status).toBe(200);
    expect((await page(elsewhere)).status).toBe(401);
  });

  it('IPv6 addresses of one link are one', async () => {
    const ask = async (last: number) =>
      await gateway.query('{ __typename }', { headers: { 'x-forwarded-for': `2001:db8:5:5::${last}` } });
    let last = 0;
    expect(await statuses(6, async () => await ask((last += 1)))).toEqual([200, 200, 200, 200, 200, 429]);
    const neighbour = { 'x-forwarded-for': '2001:db8:5:6::1' };
    expect((await gateway.query('{ __typename }', { headers: neighbour })).status).toBe(200);
  });

  it('and they take nothing from subjects at the same address', async () => {
    const headers = newAddress();
    expect(await statuses(6, async () => await gateway.query('{ __typename }', { headers }))).toContain(429);
    expect((await gateway.query(VIEWER, { token: await newToken(), headers })).status).toBe(200);
  });
});

it('health, schema and explorers are not counted', async () => {
  const headers = newAddress();
  await statuses(6, async () => await gateway.query('{ __typename }', { headers }));
  for (const path of ['/health/live', '/health/ready', '/schema.graphql', '/', '/explorer']) {
    const ask = async () => await fetch(new URL(path, gateway.url), { headers });
    expect(await statuses(7, ask)).toEqual([200, 200, 200, 200, 200, 200, 200]);
  }
});

describe('without trusted proxies', () => {
  it('nobody can choose an address, and RATE_LIMIT=0 counts nothing', async () => {
    const plain = await startTestGateway({ RATE_LIMIT: '5' });
    const ask = async () => await plain.query('{ __typename }', { headers: newAddress() });
    expect(await statuses(6, ask)).toEqual([200, 200, 200, 200, 200, 429]);
    await plain.stop();
    const unlimited = await startTestGateway({ RATE_LIMIT: '0' });
    expect(await statuses(7, async () => await unlimited.query('{ __typename }'))).not.toContain(429);
    await unlimited.stop();
  });
});
