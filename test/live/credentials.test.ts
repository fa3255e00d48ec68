import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { jsonReply, startIssuer } from '../support/issuer.js';
import { EventReader } from './event-reader.js';
import { connect, Subscriber, touch } from './subscriber.js';

describe('the token of a WebSocket is taken from the first place that has one', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let valid: string;
  const FORGED = 'Bearer x.y.z';
  beforeAll(async () => {
    gateway = await startTestGateway();
    device = await createDevice(gateway);
    valid = `Bearer ${await gateway.token('MANAGER', device.customer)}`;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    [
      'authorization',
      (token: string) => ({ authorization: token, headers: { authorization: FORGED } }),
      FORGED,
    ],
    ['AUTHORIZATION', (token: string) => ({ AUTHORIZATION: token }), undefined],
    ['headers.authorization', (token: string) => ({ headers: { authorization: token } }), FORGED],
    ['Headers.Authorization', (token: string) => ({ Headers: { Authorization: token } }), undefined],
    [
      'headers beside null',
      (token: string) => ({ authorization: null, headers: { authorization: token } }),
      FORGED,
    ],
  ])('connectionParams: %s', async (_, params, header) => {
    const subscriber = await Subscriber.connect(
      gateway,
      params(valid),
      header === undefined ? {} : { authorization: header },
    );
    await subscriber.watch('1', { ids: [device.id] });
    await touch(gateway, [device.id]);
    expect(await subscriber.receives('1', 1)).toHaveLength(1);
    subscriber.close();
  });

  it.each([
    ['without parameters', undefined],
    ['with others', { headers: { 'x-other': '1' } }],
    ['with null', { authorization: null, headers: null }],
  ])('the upgrade request, %s', async (_, params) => {
    const subscriber = await Subscriber.connect(gateway, params, { authorization: valid });
    await subscriber.watch('1', { ids: [device.id] });
    await touch(gateway, [device.id]);
    expect(await subscriber.receives('1', 1)).toHaveLength(1);
    subscriber.close();
  });

  it.each([
    ['a bad one', { authorization: FORGED, headers: { authorization: 'Bearer a.b.c' } }, 'invalid_token'],
    ['an empty one', { authorization: '' }, 'credentials_invalid'],
    ['one that is no text', { headers: { authorization: 7 } }, 'format_error'],
  ])('%s counts although a valid one follows', async (_, params, word) => {
    const subscriber = await Subscriber.connect(gateway, params, { authorization: valid });
    subscriber.subscribe('1');
    expect((await subscriber.error('1')).extensions).toMatchObject({
      code: 'UNAUTHENTICATED',
      rest: { code: 401, message: word },
    });
    subscriber.close();
  });
});

describe('a token that the platform no longer knows', () => {
  it('ends the subscription, by WebSocket or events, with UNAUTHENTICATED when the platform is asked again', async () => {
    const accepted = { success: true, employee: newId(), customer: newId(), accessLevel: 'OWNER' };
    let isKnown = true;
    let aheadMs = 0;
    const real = Date.now;
    // Before the start, which hands the clock on.
    const now = vi.spyOn(Date, 'now').mockImplementation(() => real() + aheadMs);
    const platform = await startIssuer(() =>
      isKnown ? jsonReply(accepted) : jsonReply({ success: false }, 401),
    );
    const gateway = await startTestGateway(
      { AUTH_VALIDATE_TOKEN_URL: `${platform.url}/auth/validateToken` },
      undefined,
      { credentialRecheckMs: 50 },
    );
    const subscriber = await connect(gateway, 'opaque');
    await subscriber.watch('1');
    const reader = await EventReader.watch(gateway, { token: 'opaque' });
    isKnown = false;
    // Its answers are kept for 30 s.
    aheadMs = 31_000;
    try {
      expect((await subscriber.error('1')).extensions).toMatchObject({
        code: 'UNAUTHENTICATED',
        rest: { code: 401 },
      });
      expect(subscriber.closed).toBeUndefined();
      expect((await reader.error()).extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
    } finally {
      now.mockRestore();
      subscriber.close();
      reader.close();
      await gateway.stop();
      await platform.stop();
    }
  });
});
