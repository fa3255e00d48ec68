import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { WATCH } from '../live/subscriber.js';
import { type IssuerReply, jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';

const VIEWER = '{ viewer { id } }';
const RATE_LIMIT = 60;
/** Requests with tokens that nobody knows: far more than the budget of their network and what time gives back meanwhile. */
const MANY = 300;
const CUSTOMER = newId();

let platform: TestIssuer;
let gateway: TestGateway;
/** Tokens that start like this are accepted, each for a subject of its own. */
const GOOD = 'good-';

beforeAll(async () => {
  platform = await startIssuer((url): IssuerReply => {
    const token = url.searchParams.get('token') ?? '';
    if (token.startsWith('away-')) return 'away';
    if (!token.startsWith(GOOD)) return jsonReply({ message: 'invalid_token' }, 401);
    return jsonReply({ success: true, employee: token, customer: CUSTOMER, accessLevel: 'VIEWER' });
  });
  gateway = await startTestGateway({
    AUTH_VALIDATE_TOKEN_URL: platform.url,
    RATE_LIMIT: String(RATE_LIMIT),
    TRUSTED_PROXIES: '127.0.0.0/8, ::1',
  });
});
afterAll(async () => {
  await gateway.stop();
  await platform.stop();
});

let addresses = 0;
let headers: Record<string, string>;
let startedAt: number;
beforeEach(() => {
  addresses += 1;
  headers = { 'x-forwarded-for': `203.0.113.${addresses}` };
  startedAt = performance.now();
  platform.asked.length = 0;
});

const newToken = (prefix = ''): string => prefix + randomBytes(24).toString('base64url');
const ask = async (token: string): Promise<number> =>
  (await gateway.query(VIEWER, { token, headers })).status;
const byGet = async (token: string): Promise<number> => {
  const url = `${gateway.url}?${new URLSearchParams({ query: VIEWER }).toString()}`;
  return (await fetch(url, { headers: { ...headers, authorization: `Bearer ${token}` } })).status;
};
const events = async (token: string): Promise<number> => {
  const sent = { ...headers, authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  const body = JSON.stringify({ query: WATCH });
  const type = { 'content-type': 'application/json' };
  return (await fetch(gateway.url, { method: 'POST', headers: { ...sent, ...type }, body })).status;
};
const page = async (token: string): Promise<number> => {
  const url = new URL(`/network/device/${newId()}`, gateway.url);
  return (await fetch(url, { headers: { ...headers, authorization: `Bearer ${token}` } })).status;
};

async function askManyTimes(count: number, send: () => Promise<number>): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let sent = 0; sent < count; sent += 50) {
    statuses.push(...(await Promise.all(Array.from({ length: 50 }, async () => await send()))));
  }
  return statuses;
}

/** What a network may ask for: its budget, and what time has given back meanwhile. */
const allowance = (): number => RATE_LIMIT + Math.ceil((performance.now() - startedAt) / 1_000);

describe('tokens that nobody has vouched for are validated within the rate of their address', () => {
  it.each<[string, string, number, (token: string) => Promise<number>]>([
    [`${MANY} bad ones on /graphql`, '', 200, ask],
    [`${MANY} bad ones on /graphql by GET`, '', 200, byGet],
    [`${MANY} bad ones that ask for events`, '', 200, events],
    [`${MANY} bad ones on the REST page`, '', 401, page],
    [`${MANY} while the issuer is away`, 'away-', 200, ask],
  ])('%s', async (_, prefix, served, send) => {
    const statuses = await askManyTimes(MANY, async () => await send(newToken(prefix)));
    expect(platform.asked.length).toBeGreaterThanOrEqual(RATE_LIMIT);
    expect(platform.asked.length).toBeLessThanOrEqual(allowance());
    expect(new Set(statuses)).toEqual(new Set([served, 429]));
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(MANY - allowance());
  });

  it('and whoever is known, or comes from elsewhere, is served all the same', async () => {
    const known = newToken(GOOD);
    expect(await ask(known)).toBe(200);
    expect(await askManyTimes(200, async () => await ask(newToken()))).toContain(429);
    expect(await ask(known)).toBe(200);
    headers = { 'x-forwarded-for': '203.0.113.250' };
    expect(await ask(newToken(GOOD))).toBe(200);
  });

  it('good ones take nothing of it, however many come at the same moment', async () => {
    const tokens = Array.from({ length: 300 }, () => newToken(GOOD));
    const statuses = await Promise.all(tokens.map(ask));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(platform.asked).toHaveLength(300);
  });

  it('good ones that come with bad ones wait for no budget but that of the bad ones', async () => {
    const bad = Array.from({ length: 40 }, async () => await ask(newToken()));
    const good = Array.from({ length: 200 }, async () => await ask(newToken(GOOD)));
    expect(new Set(await Promise.all(good))).toEqual(new Set([200]));
    await Promise.all(bad);
  });
});
