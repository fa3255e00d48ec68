import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bearerAuthenticator, JWKS_ALGORITHMS } from '../../src/auth/bearer.js';
import type { Authenticate, Credential } from '../../src/auth/credential.js';
import { issuerKeys } from '../../src/auth/issuer-keys.js';
import { type IssuerReply, jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NAMES = ['old', 'new', 'stranger'] as const;
type Name = (typeof NAMES)[number];

/** A key of an issuer and its public half. */
interface IssuerKey {
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

let pairs: ReadonlyMap<Name, IssuerKey>;
let issuer: TestIssuer;
/** What the issuer answers at present. */
let reply: IssuerReply;
let errors: unknown[];
let authenticate: Authenticate;

beforeAll(async () => {
  const entries = NAMES.map(async (kid): Promise<[Name, IssuerKey]> => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return [kid, { key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } }];
  });
  pairs = new Map(await Promise.all(entries));
});
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  reply = publish('old');
  issuer = await startIssuer(() => reply);
  errors = [];
  const onError = (rejection: unknown) => errors.push(rejection);
  const key = issuerKeys(new URL(issuer.url), { onError, now: Date.now });
  authenticate = bearerAuthenticator(
    { key, issuer: 'issuer', audience: 'gateway', algorithms: JWKS_ALGORITHMS },
    (validate) => validate,
    Date.now,
  );
});
afterEach(async () => {
  vi.useRealTimers();
  await issuer.stop();
});

function pair(name: Name): IssuerKey {
  const found = pairs.get(name);
  if (found === undefined) throw new Error(`There is no key ${name}.`);
  return found;
}

const publish = (...names: Name[]): IssuerReply => jsonReply({ keys: names.map((name) => pair(name).jwk) });

let serial = 0;
/** A token that nobody has seen before. */
async function token(name: Name, { kid = name, ...claims }: Record<string, unknown> = {}): Promise<string> {
  serial += 1;
  const payload = { customer: null, accessLevel: 'OWNER', jti: String(serial), ...claims };
  return await new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', ...(typeof kid === 'string' && { kid }) })
    .setSubject('employee-1')
    .setIssuer('issuer')
    .setAudience('gateway')
    .setExpirationTime(typeof claims['exp'] === 'number' ? claims['exp'] : seconds() + 48 * 3_600)
    .sign(pair(name).key);
}

const seconds = (): number => Math.floor(Date.now() / 1_000);
const pass = (ms: number): void => void vi.setSystemTime(Date.now() + ms);
const validate = async (text: string): Promise<Credential> => await authenticate(`Bearer ${text}`, '::1');

/** In a word what becomes of a token. */
async function verdict(text: string): Promise<string> {
  const credential = await validate(text);
  if ('viewer' in credential) return 'accepted';
  return 'rejection' in credential ? credential.rejection : 'nobody knows';
}

describe('a key that appears is accepted at once', () => {
  it('right after the keys were fetched', async () => {
    expect(await verdict(await token('old'))).toBe('accepted');
    reply = publish('old', 'new');
    expect(await verdict(await token('new'))).toBe('accepted');
    expect(await verdict(await token('old'))).toBe('accepted');
    expect(issuer.asked).toHaveLength(2);
  });

  it('for many that meet it at the same time', async () => {
    await verdict(await token('old'));
    reply = publish('new');
    const tokens = await Promise.all(Array.from({ length: 10 }, async () => await token('new')));
    const verdicts = await Promise.all(tokens.map(verdict));
    expect(verdicts).toEqual(tokens.map(() => 'accepted'));
    expect(issuer.asked).toHaveLength(2);
  });

  it('soon after a flood of keys that nobody knows, which is no flood for the issuer', async () => {
    await verdict(await token('old'));
    for (let index = 0; index < 30; index += 1) {
      expect(await verdict(await token('stranger', { kid: `nobody ${index}` }))).toBe('invalid_token');
    }
    expect(issuer.asked).toHaveLength(2);
    reply = publish('new');
    pass(2_000);
    expect(await verdict(await token('new'))).toBe('accepted');
    expect(issuer.asked).toHaveLength(3);
  });

  it('and one that is withdrawn is refused within ten minutes', async () => {
    const text = await token('old');
    expect(await verdict(text)).toBe('accepted');
    reply = publish('new');
    pass(5 * MINUTE);
    // Fetches the keys beside the request.
    await verdict(text);
    await vi.waitFor(async () => expect(await verdict(await token('old'))).toBe('invalid_token'));
    pass(5 * MINUTE);
    expect(await verdict(text)).toBe('invalid_token');
  });
});

describe('while the issuer is away', () => {
  it.each<[string, IssuerReply]>([
    ['breaks the connection', 'away'],
    ['answers 503', jsonReply({}, 503)],
    ['sends elsewhere', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
    ['answers what is no key set', jsonReply({ keys: 'none' })],
    ['answers more than anybody could read', { status: 200, body: ' '.repeat(300_000) }],
  ])('an issuer that %s: known keys go on for a day', async (_, away) => {
    await verdict(await token('old'));
    reply = away;
    pass(6 * MINUTE);
    expect(await verdict(await token('old'))).toBe('accepted');
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    pass(23 * HOUR);
    expect(await verdict(await token('old'))).toBe('accepted');
    await vi.waitFor(() => expect(errors).toHaveLength(2));
    pass(HOUR);
    expect(await verdict(await token('old'))).toBe('nobody knows');
    reply = publish('old');
    pass(2_000);
    expect(await verdict(await token('old'))).toBe('accepted');
  });

  it('it is asked every two seconds at most, and nobody knows a key that may be new', async () => {
    await verdict(await token('old'));
    reply = 'away';
    for (let index = 0; index < 20; index += 1) {
      expect(await verdict(await token('new'))).toBe('nobody knows');
      expect(await verdict(await token('old'))).toBe('accepted');
    }
    expect(issuer.asked).toHaveLength(2);
    pass(2_000);
    expect(await verdict(await token('new'))).toBe('nobody knows');
    expect(issuer.asked).toHaveLength(3);
    reply = publish('old', 'new');
    pass(2_000);
    expect(await verdict(await token('new'))).toBe('accepted');
  });

  it('one that was never there is not hammered either', async () => {
    reply = 'away';
    const text = await token('old');
    for (let index = 0; index < 20; index += 1) expect(await verdict(text)).toBe('nobody knows');
    expect(issuer.asked).toHaveLength(1);
    reply = publish('old');
    pass(2_000);
    expect(await verdict(text)).toBe('accepted');
  });

  it('a key set with private keys is an error of the issuer, not of the token', async () => {
    reply = jsonReply({ keys: [{ ...pair('old').jwk, ...(await exportJWK(pair('old').key)) }] });
    expect(await verdict(await token('old'))).toBe('nobody knows');
  });
});

describe('a token that does not name its key', () => {
  it('may be signed with any key that fits', async () => {
    reply = publish('old', 'new');
    expect(await verdict(await token('old', { kid: null }))).toBe('accepted');
    expect(await verdict(await token('new', { kid: null }))).toBe('accepted');
  });

  it('and with no other', async () => {
    reply = publish('old', 'new');
    expect(await verdict(await token('stranger', { kid: null }))).toBe('invalid_token');
    expect(await verdict(await token('new', { kid: null, exp: seconds() - 60 }))).toBe('expired');
  });
});

describe('the clock of the issuer may be five seconds ahead', () => {
  it.each<[string, Record<string, number>, string]>([
    ['expired 1 second ago', { exp: -1 }, 'expired'],
    ['expired 6 seconds ago', { exp: -6 }, 'expired'],
    ['valid in 4 seconds', { nbf: 4 }, 'accepted'],
    ['valid in 7 seconds', { nbf: 7 }, 'invalid_token'],
  ])('%s', async (_, offsets, expected) => {
    const claims = Object.fromEntries(
      Object.entries(offsets).map(([claim, offset]) => [claim, seconds() + offset]),
    );
    expect(await verdict(await token('old', claims))).toBe(expected);
  });

  it('a token that was remembered expires like any other', async () => {
    const text = await token('old', { exp: seconds() + 60 });
    expect(await verdict(text)).toBe('accepted');
    expect(await verdict(text)).toBe('accepted');
    pass(66_000);
    expect(await verdict(text)).toBe('expired');
  });
});
