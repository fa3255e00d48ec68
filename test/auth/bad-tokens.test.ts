import { createHmac } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventReader } from '../live/event-reader.js';
import { Subscriber } from '../live/subscriber.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';
import { type Claims, localClaims, secondsFromNow, sign, unsigned } from '../support/tokens.js';
import { protectedRootFields } from '../support/root-fields.js';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'device-gateway-test';
const ID = '0123456789abcdef01234567';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pairs: Readonly<Record<'RS256' | 'ES256' | 'stranger', Pair>>;
let issuer: TestIssuer;
let gateway: TestGateway;
let device: TestDevice;

beforeAll(async () => {
  pairs = {
    RS256: await generateKeyPair('RS256', { extractable: true }),
    ES256: await generateKeyPair('ES256', { extractable: true }),
    stranger: await generateKeyPair('ES256'),
  };
  const keys = [
    { ...(await exportJWK(pairs.RS256.publicKey)), kid: 'RS256' },
    { ...(await exportJWK(pairs.ES256.publicKey)), kid: 'ES256' },
  ];
  issuer = await startIssuer(() => jsonReply({ keys }));
  gateway = await startTestGateway({
    AUTH_JWKS_URL: issuer.url,
    AUTH_ISSUER: ISSUER,
    AUTH_AUDIENCE: AUDIENCE,
  });
  device = await createDevice(gateway, { id: ID });
});
afterAll(async () => {
  await gateway.stop();
  await issuer.stop();
});

const claims = (changes: Claims = {}): JWTPayload =>
  localClaims(device.customer, { iss: ISSUER, aud: AUDIENCE, accessLevel: 'ADMIN', ...changes });

/** A token of the issuer itself, of the highest level: only what a test changes is wrong with it. */
async function signed(changes: Claims = {}): Promise<string> {
  return await sign(claims(changes), pairs.ES256.privateKey, 'ES256', 'ES256');
}

async function header(changes: Claims = {}): Promise<string> {
  return `Bearer ${await signed(changes)}`;
}

/** A good token with one of its three parts changed. */
async function tampered(part: 0 | 1 | 2, change: (text: string) => string): Promise<string> {
  const parts = (await signed({ accessLevel: 'VIEWER' })).split('.');
  return `Bearer ${parts.with(part, change(parts[part] ?? '')).join('.')}`;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** HS256 with a public key as the secret, which everybody knows. */
async function confused(kid: 'RS256' | 'ES256'): Promise<string> {
  const content = `${encode({ alg: 'HS256', kid })}.${encode(claims())}`;
  const secret = await exportSPKI(pairs[kid].publicKey);
  return `Bearer ${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`;
}

/** What can be wrong with an Authorization header, the word that the REST page has for it, and how it is made. */
const BAD: readonly [string, string, () => Promise<string> | string | undefined][] = [
  ['none', 'credentials_invalid', () => undefined],
  ['an empty header', 'credentials_invalid', () => ''],
  ['Basic', 'format_error', () => 'Basic dXNlcjpwYXNz'],
  ['a token without a scheme', 'format_error', signed],
  ['Bearer without a token', 'format_error', () => 'Bearer'],
  ['garbage', 'invalid_token', () => 'Bearer garbage'],
  ['alg none', 'invalid_token', () => `Bearer ${unsigned(claims())}`],
  ['HS256 with the public RSA key', 'invalid_token', async () => await confused('RS256')],
  ['HS256 with the public EC key', 'invalid_token', async () => await confused('ES256')],
  [
    'the signature of another token',
    'invalid_token',
    async () => {
      const other = (await signed({ sub: 'another' })).split('.')[2] ?? '';
      return await tampered(2, () => other);
    },
  ],
  ['no signature', 'invalid_token', async () => await tampered(2, () => '')],
  ['a tampered payload', 'invalid_token', async () => await tampered(1, () => encode(claims()))],
  [
    'a tampered header',
    'invalid_token',
    async () => await tampered(0, () => encode({ alg: 'RS256', kid: 'RS256' })),
  ],
  [
    'a foreign key under a known name',
    'invalid_token',
    async () => `Bearer ${await sign(claims(), pairs.stranger.privateKey, 'ES256', 'ES256')}`,
  ],
  [
    'a foreign key under its own name',
    'invalid_token',
    async () => `Bearer ${await sign(claims(), pairs.stranger.privateKey, 'ES256', 'stranger')}`,
  ],
  [
    'a foreign key without a name',
    'invalid_token',
    async () => `Bearer ${await sign(claims(), pairs.stranger.privateKey, 'ES256')}`,
  ],
  ['a wrong issuer', 'invalid_token', async () => await header({ iss: 'device-gateway' })],
  ['a wrong audience', 'invalid_token', async () => await header({ aud: 'device-gateway' })],
  ['expired', 'expired', async () => await header({ exp: secondsFromNow(-60) })],
  ['not valid yet', 'invalid_token', async () => await header({ nbf: secondsFromNow(600) })],
  ['no sub', 'invalid_token', async () => await header({ sub: undefined })],
  ['an empty sub', 'invalid_token', async () => await header({ sub: '' })],
  ['a sub that is a number', 'invalid_token', async () => await header({ sub: 42 })],
  ['a sub that is a list', 'invalid_token', async () => await header({ sub: ['employee-1'] })],
  ['a sub with U+0000', 'invalid_token', async () => await header({ sub: 'employee\0-1' })],
  ['a sub with half a surrogate pair', 'invalid_token', async () => await header({ sub: 'employee-\ud83d' })],
  ['no exp', 'invalid_token', async () => await header({ exp: undefined })],
  ['an exp of the year 10000', 'invalid_token', async () => await header({ exp: YEAR_10000_S })],
  ['an exp that no date can hold', 'invalid_token', async () => await header({ exp: 1e18 })],
  ['an unknown level', 'invalid_token', async () => await header({ accessLevel: 'ROOT' })],
  ['a malformed customer', 'invalid_token', async () => await header({ customer: 'no-id' })],
];

const refusal = (word: string): object => ({ code: 'UNAUTHENTICATED', rest: { code: 401, message: word } });

/** Seconds since 1970. */
const YEAR_10000_S = 253_402_300_800;

const OPERATIONS = protectedRootFields(ID);
const pageUrl = (): URL => new URL(`/network/device/${ID}`, gateway.url);
const POST = {
  method: 'POST',
  body: '{"name":"Nobody was here"}',
  headers: { 'content-type': 'application/json' },
};

/** What of the database a request could have changed. */
async function stored(): Promise<unknown> {
  const { rows } = await gateway.sql.query<Record<string, unknown>>(
    `SELECT to_json(device) AS device, to_json(status) AS status
     FROM network_device device JOIN device_status status ON status.device_id = device.id`,
  );
  expect(rows).toHaveLength(1);
  return rows;
}

describe.each(BAD)('no operation accepts a bad token: %s', (_, word, make) => {
  let headers: Record<string, string>;
  let before: unknown;
  beforeAll(async () => {
    const authorization = await make();
    headers = authorization === undefined ? {} : { authorization };
    before = await stored();
  });
  afterAll(async () => {
    expect(await stored()).toEqual(before);
  });

  it.each(OPERATIONS)('$field', async ({ field, document }) => {
    const { status, data, errors } = await gateway.query(document, { headers });
    expect(status).toBe(200);
    expect([null, { [field]: null }]).toContainEqual(data);
    expect(errors).toMatchObject([{ path: [field], extensions: refusal(word) }]);
    expect(errors).toHaveLength(1);
  });

  it.each(['GET', 'POST'])('%s /network/device/:id', async (method) => {
    const init = method === 'GET' ? {} : POST;
    const response = await fetch(pageUrl(), {
      ...init,
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 401, message: word });
  });

  it('networkDeviceChanged, by server-sent events', async () => {
    const { events } = await EventReader.open(gateway, { headers });
    await expect.poll(() => events.length).toBe(2);
    expect(events).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: refusal(word) }] } },
      { event: 'complete' },
    ]);
  });

  it('networkDeviceChanged, over WebSocket', async () => {
    const subscriber = await Subscriber.connect(gateway, headers);
    subscriber.subscribe('1');
    expect((await subscriber.error('1')).extensions).toMatchObject(refusal(word));
    subscriber.close();
  });
});

// Comes last: the work that it starts may go on after its answer.
describe('the matrix is worth something', () => {
  it('it has every root field that the contract names', () => {
    const fields = OPERATIONS.map(({ field }) => field);
    for (const field of ['networkDevice', 'networkDevices', 'viewer', '_entities', 'updateNetworkDevice']) {
      expect(fields).toContain(field);
    }
    expect(fields.length).toBeGreaterThanOrEqual(10);
    expect(fields).not.toContain('_sdl');
  });

  // Before the operations, one of which deletes the device.
  it('the REST page is served with a good token', async () => {
    const authorization = await header();
    expect((await fetch(pageUrl(), { headers: { authorization } })).status).toBe(200);
    const posted = await fetch(pageUrl(), { ...POST, headers: { ...POST.headers, authorization } });
    expect(posted.status).toBe(200);
  });

  it.each(OPERATIONS)('$field is served with a good token', async ({ document }) => {
    const { status, errors } = await gateway.query(document, { token: await signed() });
    expect({ status, errors }).toMatchObject({ status: 200 });
    expect(errors.map(({ extensions }) => extensions.rest.code)).not.toContain(401);
    expect(errors.map(({ extensions }) => extensions.rest.code)).not.toContain(400);
  });

  it.each<[string, Claims]>([
    ['until the last second before the year 10000', { exp: YEAR_10000_S - 1 }],
    ['of a subject with an emoji', { sub: 'employee-😀' }],
  ])('a good token %s is served', async (_, changes) => {
    const { data, errors } = await gateway.query('{ viewer { id } }', { token: await signed(changes) });
    expect({ data, errors }).toEqual({
      data: { viewer: { id: changes['sub'] ?? 'employee-1' } },
      errors: [],
    });
  });
});
