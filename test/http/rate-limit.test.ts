import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
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

describe('MAC_ADDRESS_IN_USE is an error at most MAC_PROBE_LIMIT times an hour', () => {
  const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $dryRun: Boolean) {
    updateNetworkDevice(id: $id, input: $input, dryRun: $dryRun) { macAddress name }
  }`;
  let open: TestGateway;
  let own: TestDevice;
  let foreign: TestDevice;
  beforeAll(async () => {
    open = await startTestGateway({ MAC_PROBE_LIMIT: '5', RATE_LIMIT: '0' });
    own = await createDevice(open);
    foreign = await createDevice(open);
  });
  afterAll(async () => {
    await open.stop();
  });

  const update = async (token: string, input: Record<string, unknown>, dryRun = false) =>
    await open.query(UPDATE, { token, variables: { id: own.id, input, dryRun } });
  const tokenOf = async (sub: string, claims: object = {}): Promise<string> =>
    await sign(localClaims(own.customer, { sub, ...claims }), localKey(open));
  const codesOf = (answers: readonly Awaited<ReturnType<typeof update>>[]) =>
    answers.map(({ errors }) => errors[0]?.extensions.code);
  const post = async (token: string, body: unknown): Promise<Response> =>
    await fetch(new URL(`/network/device/${own.id}`, open.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  /** A token of a subject that was told as often as it may be. */
  const spentToken = async (sub: string): Promise<string> => {
    const token = await tokenOf(sub);
    for (let count = 0; count < 5; count += 1) await update(token, { macAddress: foreign.macAddress });
    return token;
  };

  it('then every update that would change a macAddress is refused alike, and nothing else is', async () => {
    const token = await tokenOf('prober');
    const probe = { macAddress: foreign.macAddress };
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => await update(token, probe, index % 2 === 0)),
    );
    const codes = codesOf(answers);
    expect(codes.filter((code) => code === 'MAC_ADDRESS_IN_USE')).toHaveLength(5);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
    const taken = await update(token, probe);
    const free = await update(token, { macAddress: newMac() });
    const withError = await update(token, { macAddress: newMac(), name: '' });
    for (const { status, errors } of [taken, free, withError]) {
      expect(status).toBe(200);
      expect(errors).toMatchObject([
        {
          message: taken.errors[0]?.message,
          path: ['updateNetworkDevice'],
          extensions: { code: 'RATE_LIMITED', rest: { code: 429 }, retryable: true },
        },
      ]);
      expect(errors[0]?.extensions.retryAfterMs).toBeGreaterThan(10_000);
      expect(errors[0]?.extensions).not.toHaveProperty('violations');
    }
    expect((await update(token, { name: 'Renamed' })).data).toMatchObject({
      updateNetworkDevice: { name: 'Renamed', macAddress: own.macAddress },
    });
    const response = await post(token, { macAddress: foreign.macAddress });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(10);
    expect(await response.json()).toMatchObject({ code: 429, message: 'rate_limited' });
  });

  it('an update that names the address which the device has is no probe, nor is one that names none', async () => {
    const token = await spentToken('portal');
    const macAddress = own.macAddress.toUpperCase().replaceAll(/(..)(?!$)/g, '$1:');
    const answer = await update(token, { macAddress, name: 'Same address' });
    expect(answer.errors).toEqual([]);
    expect(answer.data).toMatchObject({
      updateNetworkDevice: { name: 'Same address', macAddress: own.macAddress },
    });
    const malformed = await update(token, { macAddress: 'x' });
    expect(malformed.errors).toMatchObject([
      { extensions: { code: 'INVALID_VALUE', rest: { message: 'macAddress' } } },
    ]);
    const page = await fetch(new URL(`/network/device/${own.id}`, open.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    const posted = await post(token, await page.json());
    expect(posted.status).toBe(200);
  });

  it('ADMIN gets it as often as it asks', async () => {
    const token = await tokenOf('admin', { accessLevel: 'ADMIN' });
    const answers = [];
    for (let count = 0; count < 7; count += 1)
      answers.push(await update(token, { macAddress: foreign.macAddress }));
    expect(codesOf(answers)).toEqual(Array(7).fill('MAC_ADDRESS_IN_USE'));
  });

  it('and updates that did not get it cost nothing', async () => {
    const token = await tokenOf('honest');
    for (let index = 0; index < 7; index += 1) {
      expect((await update(token, { macAddress: newMac() }, true)).errors).toEqual([]);
    }
    const { errors } = await update(token, { macAddress: foreign.macAddress });
    expect(errors[0]?.extensions.code).toBe('MAC_ADDRESS_IN_USE');
  });

  it.each([
    ['100 times when it is not set', {}, 100],
    ['any number of times for 0', { MAC_PROBE_LIMIT: '0' }, 103],
  ])('%s', async (_, env, told) => {
    const other = await startTestGateway({ RATE_LIMIT: '0', ...env });
    try {
      const [mine, theirs] = [await createDevice(other), await createDevice(other)];
      const token = await sign(localClaims(mine.customer, { sub: 'prober' }), localKey(other));
      const variables = { id: mine.id, input: { macAddress: theirs.macAddress } };
      const answers = await Promise.all(
        Array.from({ length: 103 }, async () => await other.query(UPDATE, { token, variables })),
      );
      expect(codesOf(answers).filter((code) => code === 'MAC_ADDRESS_IN_USE')).toHaveLength(told);
    } finally {
      await other.stop();
    }
  });
});
