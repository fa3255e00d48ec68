import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { Subscriber, touch } from './subscriber.js';

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
