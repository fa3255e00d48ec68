import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replace, revert } from '../api/history/history.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { localClaims, localKey, sign } from '../support/tokens.js';

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

  it('replacements and reverts count like updates, and are refused like them', async () => {
    const token = await tokenOf('replacer', { accessLevel: 'OWNER' });
    const changed = await createDevice(open, { customer: own.customer });
    const rename = { id: changed.id, input: { macAddress: newMac() } };
    expect((await open.query(UPDATE, { token, variables: rename })).errors).toEqual([]);
    const { macAddress } = await createDevice(open, { macAddress: changed.macAddress });
    const probes = [
      async () => await replace(open, token, changed.id, { macAddress }),
      async () => await revert(open, token, changed.id, { toVersion: 1 }),
      async () => await revert(open, token, changed.id, { toVersion: 1, dryRun: true }),
    ];
    const answers: GraphqlAnswer[] = [];
    for (const probe of [...probes, ...probes, ...probes]) answers.push(await probe());
    expect(codesOf(answers)).toEqual([
      ...Array.from({ length: 5 }, () => 'MAC_ADDRESS_IN_USE'),
      ...Array.from({ length: 4 }, () => 'RATE_LIMITED'),
    ]);
    expect(codesOf([await update(token, { macAddress })])).toEqual(['RATE_LIMITED']);
    expect(codesOf([await revert(open, token, changed.id, { toVersion: 1, paths: ['name'] })])).toEqual([
      undefined,
    ]);
  });

  it('changes at once to addresses that are free all succeed, however small the limit', async () => {
    const strict = await startTestGateway({ MAC_PROBE_LIMIT: '1', RATE_LIMIT: '0' });
    try {
      const { customer, macAddress } = await createDevice(strict);
      const token = await strict.token('OWNER', customer);
      const devices = await Promise.all(
        Array.from({ length: 8 }, async () => await createDevice(strict, { customer })),
      );
      const change = async (id: string, mac: string) =>
        await strict.query(UPDATE, { token, variables: { id, input: { macAddress: mac } } });
      const free = await Promise.all(devices.map(async ({ id }) => await change(id, newMac())));
      expect(free.flatMap(({ errors }) => errors)).toEqual([]);
      const taken = await Promise.all(devices.map(async ({ id }) => await change(id, macAddress)));
      expect(codesOf(taken).toSorted()).toEqual([
        'MAC_ADDRESS_IN_USE',
        ...Array.from({ length: 7 }, () => 'RATE_LIMITED'),
      ]);
    } finally {
      await strict.stop();
    }
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
