import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { askIssuer, IssuerError } from '../../src/auth/ask-issuer.js';
import type { Credential } from '../../src/auth/credential.js';
import { platformAuthenticator } from '../../src/auth/platform-token.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type IssuerReply, jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';

const VIEWER = '{ viewer { id accessLevel customer { id } } }';
const CUSTOMER = newId();
const ACCEPTED = { success: true, employee: newId(), customer: CUSTOMER, accessLevel: 'OWNER' };

let platform: TestIssuer;
/** What the platform says at present. */
let reply: IssuerReply;
beforeAll(async () => {
  platform = await startIssuer(() => reply);
});
afterAll(async () => {
  await platform.stop();
});
beforeEach(() => {
  reply = jsonReply(ACCEPTED);
});

/** Tokens of the platform are opaque. */
const newToken = (): string => randomBytes(24).toString('base64url');

describe('the platform validates a token', () => {
  let clock: number;
  let authenticate: ReturnType<typeof platformAuthenticator>;
  beforeEach(() => {
    clock = Date.parse('2026-01-01');
    authenticate = platformAuthenticator(
      `${platform.url}/auth/validateToken?language=en`,
      (validate) => validate,
      () => clock,
      () => undefined,
    );
  });
  const validate = async (token = newToken(), address = '192.0.2.7'): Promise<Credential> =>
    await authenticate(`Bearer ${token}`, address);

  it('that it is asked for as its page says, with the address of the client', async () => {
    await validate('a+b/c=&ip=1', '2001:db8::1');
    const url = platform.asked.at(-1);
    expect(url?.pathname).toBe('/auth/validateToken');
    expect(Object.fromEntries(url?.searchParams ?? [])).toEqual({
      language: 'en',
      token: 'a+b/c=&ip=1',
      ip: '2001:db8::1',
    });
  });

  it.each<[string, object, object]>([
    ['ids', {}, { subject: ACCEPTED.employee, customerId: CUSTOMER, level: 'OWNER', scopes: [] }],
    [
      'objects that have ids',
      { employee: { _id: 'e', name: 'Sarah' }, customer: { _id: CUSTOMER.toUpperCase(), name: 'Cyberdyne' } },
      { subject: 'e', customerId: CUSTOMER },
    ],
    ['no customer', { customer: null }, { customerId: null }],
    ['another level', { accessLevel: 'RESELLER_ADMIN' }, { level: 'RESELLER_ADMIN' }],
    ['a level that may nothing', { accessLevel: 'NO_LOGIN' }, { level: 'NO_LOGIN' }],
    ['properties that nobody asked for', { name: 'Sarah', scope: 'status:report' }, { scopes: [] }],
  ])('and answers with %s', async (_, changes, viewer) => {
    reply = jsonReply({ ...ACCEPTED, ...changes });
    expect(await validate()).toMatchObject({ viewer, expiresAt: null });
  });

  it.each<[number | null, number | null]>([
    [15, 15],
    [0.5, 0.5],
    [-1, null],
    [0, null],
    [null, null],
    // Beyond the year 9999, and beyond what a date can hold.
    [4.3e9, null],
    [1e300, null],
  ])('with expiresInMinutes %s', async (expiresInMinutes, minutes) => {
    reply = jsonReply({ ...ACCEPTED, expiresInMinutes });
    const expiresAt = minutes === null ? null : new Date(clock + minutes * 60_000);
    expect(await validate()).toMatchObject({ expiresAt });
  });

  it.each<[string, IssuerReply, string]>([
    ['expired', jsonReply({ message: 'expired' }, 401), 'expired'],
    ['expired, as text', { status: 401, body: 'expired' }, 'expired'],
    ['expired, with status 200', jsonReply({ success: false, message: 'expired' }), 'expired'],
    ['invalid_token', jsonReply({ message: 'invalid_token' }, 401), 'invalid_token'],
    ['credentials_invalid', jsonReply({ message: 'credentials_invalid' }, 401), 'invalid_token'],
    ['format_error', jsonReply({ message: 'format_error' }, 401), 'invalid_token'],
    ['401 without a word', { status: 401, body: '' }, 'invalid_token'],
    ['403', { status: 403, body: '' }, 'invalid_token'],
    ['403 blacklisted', jsonReply({ message: 'blacklisted' }, 403), 'invalid_token'],
    ['success: false', jsonReply({ ...ACCEPTED, success: false }), 'invalid_token'],
    ['a level that nobody knows', jsonReply({ ...ACCEPTED, accessLevel: 'ROOT' }), 'invalid_token'],
    ['an employee with U+0000', jsonReply({ ...ACCEPTED, employee: 'a\0b' }), 'invalid_token'],
    ['half a surrogate pair', jsonReply({ ...ACCEPTED, employee: { _id: 'a\ud83d' } }), 'invalid_token'],
    ['a level in lower case', jsonReply({ ...ACCEPTED, accessLevel: 'owner' }), 'invalid_token'],
  ])('a refusal: %s', async (_, answer, rejection) => {
    reply = answer;
    expect(await validate()).toEqual({ rejection });
  });

  it.each<[string, IssuerReply]>([
    ['a broken connection', 'away'],
    ['500', jsonReply({ message: 'internal_error' }, 500)],
    ['503 with what looks like acceptance', jsonReply(ACCEPTED, 503)],
    ['201', jsonReply(ACCEPTED, 201)],
    ['404', jsonReply({ message: 'not_found' }, 404)],
    ['429', jsonReply({}, 429)],
    ['a page', { status: 200, body: '<html>' }],
    ['nothing', { status: 200, body: '' }],
    ['null', jsonReply(null)],
    ['a list', jsonReply([ACCEPTED])],
    ['no success', jsonReply({ ...ACCEPTED, success: undefined })],
    ['success as text', jsonReply({ ...ACCEPTED, success: 'true' })],
    ['no employee', jsonReply({ ...ACCEPTED, employee: undefined })],
    ['an empty employee', jsonReply({ ...ACCEPTED, employee: '' })],
    ['an employee without id', jsonReply({ ...ACCEPTED, employee: { name: 'Sarah' } })],
    ['no level', jsonReply({ ...ACCEPTED, accessLevel: undefined })],
    ['a list of levels', jsonReply({ ...ACCEPTED, accessLevel: ['ADMIN'] })],
    ['a customer that is no id', jsonReply({ ...ACCEPTED, customer: 'no-id' })],
    ['a number as customer', jsonReply({ ...ACCEPTED, customer: 42 })],
    ['too much', { status: 200, body: JSON.stringify({ ...ACCEPTED, notes: 'x'.repeat(300_000) }) }],
  ])('nobody knows after %s, and that is not remembered', async (_, answer) => {
    const token = newToken();
    reply = answer;
    const credential = await validate(token);
    expect('failure' in credential && credential.failure).toBeInstanceOf(IssuerError);
    reply = jsonReply(ACCEPTED);
    expect(await validate(token)).toHaveProperty('viewer');
  });

  it('nobody knows after a redirect, which is not followed: the token would go with it', async () => {
    const elsewhere = await startIssuer(() => jsonReply(ACCEPTED));
    for (const status of [301, 302, 303, 307, 308]) {
      reply = { status, body: '', headers: { location: `${elsewhere.url}/auth/validateToken` } };
      expect(await validate()).toHaveProperty('failure');
    }
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.stop();
  });

  it('nobody knows when it does not answer in time', async () => {
    reply = 'silent';
    await expect(askIssuer(new URL(platform.url), 50)).rejects.toThrow(IssuerError);
  });

  it('but is not asked about what cannot be a token', async () => {
    const before = platform.asked.length;
    expect(await authenticate(undefined, '::1')).toEqual({ rejection: 'credentials_invalid' });
    expect(await authenticate('Basic x', '::1')).toEqual({ rejection: 'format_error' });
    expect(await validate('x'.repeat(4_097))).toEqual({ rejection: 'invalid_token' });
    expect(platform.asked).toHaveLength(before);
  });

  it('no error repeats the token, whatever went wrong', async () => {
    const token = `canary${newToken()}`;
    const answers: IssuerReply[] = [
      'away',
      { status: 500, body: token },
      { status: 200, body: token },
      { status: 302, body: '', headers: { location: `http://127.0.0.1:1/?token=${token}` } },
      jsonReply({ ...ACCEPTED, customer: token }),
    ];
    for (const answer of answers) {
      reply = answer;
      const credential = await validate(token);
      if (!('failure' in credential)) throw new Error('The platform was understood.');
      const { failure } = credential;
      expect(failure).toBeInstanceOf(IssuerError);
      if (!(failure instanceof Error)) throw new Error('No error.');
      expect([failure.message, failure.stack, failure.cause].join(' ')).not.toContain('canary');
    }
  });

  it('is asked again after 30 seconds, and after 5 about a token that it refused', async () => {
    const [good, bad] = [newToken(), newToken()];
    await validate(good);
    reply = { status: 401, body: '' };
    await validate(bad);
    const before = platform.asked.length;
    clock += 4_999;
    expect([await validate(good), await validate(bad)]).toMatchObject([
      { viewer: {} },
      { rejection: 'invalid_token' },
    ]);
    expect(platform.asked).toHaveLength(before);
    clock += 1;
    await validate(bad);
    expect(platform.asked).toHaveLength(before + 1);
    clock += 24_999;
    expect(await validate(good)).toHaveProperty('viewer');
    expect(platform.asked).toHaveLength(before + 1);
    clock += 1;
    expect(await validate(good)).toEqual({ rejection: 'invalid_token' });
  });

  it('is asked again for another address, because a token may be bound to one', async () => {
    const token = newToken();
    await validate(token, '192.0.2.7');
    reply = { status: 401, body: '' };
    expect(await validate(token, '192.0.2.8')).toEqual({ rejection: 'invalid_token' });
    expect(await validate(token, '192.0.2.7')).toHaveProperty('viewer');
  });
});

describe('a gateway with AUTH_VALIDATE_TOKEN_URL', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway({ AUTH_VALIDATE_TOKEN_URL: `${platform.url}/auth/validateToken` });
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const page = async (token: string): Promise<Response> =>
    await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
      headers: { authorization: `Bearer ${token}` },
    });

  it('serves whom the platform knows, and asks with the address of the peer', async () => {
    reply = jsonReply({ ...ACCEPTED, customer: device.customer });
    const token = newToken();
    const { data, errors } = await gateway.query(VIEWER, { token });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      viewer: { id: ACCEPTED.employee, accessLevel: 'OWNER', customer: { id: device.customer } },
    });
    expect(platform.asked.at(-1)?.searchParams.get('ip')).toBe('127.0.0.1');
    const asked = platform.asked.length;
    expect((await page(token)).status).toBe(200);
    expect(platform.asked).toHaveLength(asked);
  });

  it('answers UNAUTHENTICATED with the word for what is wrong', async () => {
    reply = jsonReply({ message: 'expired' }, 401);
    const token = newToken();
    const { data, errors } = await gateway.query(VIEWER, { token });
    expect(data).toEqual({ viewer: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED', rest: { code: 401, message: 'expired' } } },
    ]);
    expect((await page(token)).status).toBe(401);
  });

  it('answers OVERLOADED while the platform is away, logs why, and serves again as soon as it is back', async () => {
    reply = 'away';
    const token = `canary${newToken()}`;
    const { data, errors, status, text } = await gateway.query(VIEWER, { token });
    expect(status).toBe(200);
    expect(data).toEqual({ viewer: null });
    expect(errors).toMatchObject([
      { extensions: { code: 'OVERLOADED', rest: { code: 503, message: 'overloaded' }, retryable: true } },
    ]);
    expect(text).not.toMatch(/canary|validateToken|127\.0\.0\.1/);
    expect((await page(token)).status).toBe(503);
    await vi.waitFor(() => expect(gateway.logLines.join('')).toContain('IssuerError'));
    reply = jsonReply(ACCEPTED);
    expect((await gateway.query('{ viewer { id } }', { token })).errors).toEqual([]);
    expect(gateway.logLines.join('')).not.toContain('canary');
  });

  it('has no issuer of its own', () => {
    expect(gateway.app.issuer).toBeUndefined();
  });
});
