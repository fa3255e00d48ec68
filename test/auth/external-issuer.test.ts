import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type IssuerReply, jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';
import { localClaims, secondsFromNow, sign, unsigned } from '../support/tokens.js';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'device-gateway-test';
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;
type Algorithm = (typeof ALGORITHMS)[number];

const VIEWER = '{ viewer { id accessLevel } }';

async function gatewayFor(url: string): Promise<TestGateway> {
  return await startTestGateway({ AUTH_JWKS_URL: url, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
}

const customer = newId();
const claims = (changes: Record<string, unknown> = {}): JWTPayload =>
  localClaims(customer, { iss: ISSUER, aud: AUDIENCE, ...changes });

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pairs: ReadonlyMap<Algorithm, Pair>;
let jwks: readonly JWK[];

beforeAll(async () => {
  pairs = new Map(
    await Promise.all(
      ALGORITHMS.map(async (alg): Promise<[Algorithm, Pair]> => [
        alg,
        await generateKeyPair(alg, { extractable: true }),
      ]),
    ),
  );
  jwks = await Promise.all(
    [...pairs].map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid: alg,
      alg,
      use: 'sig',
    })),
  );
});

function pairOf(alg: Algorithm): Pair {
  const pair = pairs.get(alg);
  if (pair === undefined) throw new Error(`No keys for ${alg}.`);
  return pair;
}

describe('with an external issuer, its keys and nobody else vouch for a token', () => {
  let keys: TestIssuer;
  let gateway: TestGateway;
  beforeAll(async () => {
    keys = await startIssuer(() => jsonReply({ keys: jwks }));
    gateway = await gatewayFor(keys.url);
  });
  afterAll(async () => {
    await gateway.stop();
    await keys.stop();
  });

  const privateKey = (alg: Algorithm): CryptoKey => pairOf(alg).privateKey;
  const expectRefused = async (token: string, word = 'invalid_token'): Promise<void> => {
    const { data, errors } = await gateway.query(VIEWER, { token });
    expect(data).toEqual({ viewer: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED', rest: { code: 401, message: word } } },
    ]);
  };

  it.each(ALGORITHMS)('a token signed with %s is accepted', async (alg) => {
    const token = await sign(claims(), privateKey(alg), alg, alg);
    const { data, errors } = await gateway.query(VIEWER, { token });
    expect(errors).toEqual([]);
    expect(data).toEqual({ viewer: { id: 'employee-1', accessLevel: 'OWNER' } });
  });

  it.each(ALGORITHMS)('an expired one signed with %s is expired', async (alg) => {
    await expectRefused(
      await sign(claims({ exp: secondsFromNow(-60) }), privateKey(alg), alg, alg),
      'expired',
    );
  });

  it.each(ALGORITHMS)('HS256 with the public %s key as its secret is refused', async (alg) => {
    const { publicKey } = pairOf(alg);
    const spki = await exportSPKI(publicKey);
    const secrets = [spki, spki.trim(), JSON.stringify(await exportJWK(publicKey))];
    for (const secret of secrets) {
      await expectRefused(await sign(claims(), new TextEncoder().encode(secret), 'HS256', alg));
      await expectRefused(await sign(claims(), new TextEncoder().encode(secret), 'HS256'));
    }
  });

  it.each([
    ['a wrong issuer', { iss: 'device-gateway' }],
    ['a wrong audience', { aud: 'device-gateway' }],
    ['no exp', { exp: undefined }],
    ['no sub', { sub: undefined }],
    ['an unknown level', { accessLevel: 'ROOT' }],
  ])('%s is refused', async (_, changes) => {
    await expectRefused(await sign(claims(changes), privateKey('ES256'), 'ES256', 'ES256'));
  });

  it('a key that the issuer does not publish is refused, with a known name or an unknown one', async () => {
    const stranger = await generateKeyPair('ES256');
    await expectRefused(await sign(claims(), stranger.privateKey, 'ES256', 'ES256'));
    await expectRefused(await sign(claims(), stranger.privateKey, 'ES256', 'nobody'));
  });

  it('an algorithm that is not offered is refused', async () => {
    const { privateKey: key, publicKey } = await generateKeyPair('PS256', { extractable: true });
    expect(await exportJWK(publicKey)).toHaveProperty('n');
    await expectRefused(await sign(claims(), key, 'PS256', 'RS256'));
  });

  it('a token that nobody signed is refused', async () => {
    await expectRefused(unsigned(claims()));
  });

  it('there is no local issuer beside it', () => {
    expect(gateway.app.issuer).toBeUndefined();
  });
});

describe('an issuer that cannot be asked is OVERLOADED: nobody knows whether the token is good', () => {
  let gateway: TestGateway | undefined;
  let keys: TestIssuer | undefined;
  afterEach(async () => {
    await gateway?.stop();
    await keys?.stop();
  });

  it.each<[string, IssuerReply]>([
    ['answers 503', jsonReply({ error: 'away' }, 503)],
    ['answers 500 with a page', { status: 500, body: '<html>' }],
    ['answers what is no key set', { status: 200, body: '<html>' }],
    ['is down', 'away'],
  ])('a key server that %s', async (_, reply) => {
    keys = await startIssuer(() => reply);
    gateway = await gatewayFor(keys.url);
    const token = await sign(claims(), pairOf('ES256').privateKey, 'ES256', 'ES256');
    const { data, errors, text } = await gateway.query(VIEWER, { token });
    expect(data).toEqual({ viewer: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'OVERLOADED', rest: { code: 503, message: 'overloaded' }, retryable: true } },
    ]);
    expect(text).not.toContain('issuer');
    const { logLines } = gateway;
    await vi.waitFor(() => expect(logLines.join('')).toContain('issuer away'));
    expect(logLines.join('')).not.toContain(token);
  });
});
