import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { type Claims, localClaims, localKey, secondsFromNow, sign, unsigned } from '../support/tokens.js';

const EVERYTHING = `query ($id: ID!) {
  __typename
  viewer { id }
  networkDevice(id: $id) { id }
  deviceModel(id: $id) { id }
  deviceModels { id }
}`;
const UPDATE =
  'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Nobody was here" }) { id } }';

let gateway: TestGateway;
let device: TestDevice;
beforeAll(async () => {
  gateway = await startTestGateway();
  device = await createDevice(gateway);
});
afterAll(async () => {
  await gateway.stop();
});

const signed = async (changes: Claims, key: Uint8Array = localKey(gateway)): Promise<string> =>
  `Bearer ${await sign(localClaims(device.customer, changes), key)}`;

describe('a request without a good token gets UNAUTHENTICATED from every root field, with HTTP status 200', () => {
  const CASES: readonly [string, string, () => Promise<string> | string | undefined][] = [
    ['nothing', 'credentials_invalid', () => undefined],
    ['Basic', 'format_error', () => 'Basic dXNlcjpwYXNz'],
    ['Bearer without a token', 'format_error', () => 'Bearer'],
    ['Bearer with two tokens', 'format_error', () => 'Bearer a b'],
    ['a token without a scheme', 'format_error', async () => (await signed({})).replace('Bearer ', '')],
    ['another scheme', 'format_error', async () => (await signed({})).replace('Bearer', 'Token')],
    ['garbage', 'invalid_token', () => 'Bearer garbage'],
    ['three parts of garbage', 'invalid_token', () => 'Bearer a.b.c'],
    ['an expired token', 'expired', async () => await signed({ exp: secondsFromNow(-60) })],
    ['a token not valid yet', 'invalid_token', async () => await signed({ nbf: secondsFromNow(600) })],
    ['a wrong issuer', 'invalid_token', async () => await signed({ iss: 'somebody-else' })],
    ['no issuer', 'invalid_token', async () => await signed({ iss: undefined })],
    ['a wrong audience', 'invalid_token', async () => await signed({ aud: 'another-service' })],
    ['no audience', 'invalid_token', async () => await signed({ aud: undefined })],
    ['another secret', 'invalid_token', async () => await signed({}, randomBytes(32))],
    [
      'another secret, expired too',
      'invalid_token',
      async () => await signed({ exp: secondsFromNow(-60) }, randomBytes(32)),
    ],
    ['alg none', 'invalid_token', () => `Bearer ${unsigned(localClaims(device.customer))}`],
    [
      'alg none with the signature of a good token',
      'invalid_token',
      async () => `Bearer ${unsigned(localClaims(device.customer), (await signed({})).split('.')[2] ?? '')}`,
    ],
    ['no exp', 'invalid_token', async () => await signed({ exp: undefined })],
    ['no sub', 'invalid_token', async () => await signed({ sub: undefined })],
    ['an empty sub', 'invalid_token', async () => await signed({ sub: '' })],
    ['no accessLevel', 'invalid_token', async () => await signed({ accessLevel: undefined })],
    ['an unknown accessLevel', 'invalid_token', async () => await signed({ accessLevel: 'ROOT' })],
    ['an accessLevel in lower case', 'invalid_token', async () => await signed({ accessLevel: 'owner' })],
    ['a list as accessLevel', 'invalid_token', async () => await signed({ accessLevel: ['ADMIN'] })],
    ['a malformed customer', 'invalid_token', async () => await signed({ customer: 'no-id' })],
    ['a customer of 23 digits', 'invalid_token', async () => await signed({ customer: 'a'.repeat(23) })],
    ['a number as customer', 'invalid_token', async () => await signed({ customer: 42 })],
    [
      'a bad accessLevel beside a good scope',
      'invalid_token',
      async () => await signed({ accessLevel: 'ROOT', scope: 'status:report' }),
    ],
  ];

  it.each(CASES)('%s: %s', async (_, word, make) => {
    const authorization = await make();
    const headers = authorization === undefined ? {} : { authorization };
    const unauthenticated = {
      code: 'UNAUTHENTICATED',
      rest: { code: 401, message: word },
      retryable: false,
    };
    const read = await gateway.query(EVERYTHING, { headers, variables: { id: device.id } });
    expect(read.status).toBe(200);
    const fields = ['viewer', 'networkDevice', 'deviceModel', 'deviceModels'];
    expect(read.data).toEqual({
      __typename: 'Query',
      ...Object.fromEntries(fields.map((field) => [field, null])),
    });
    expect(read.errors.map(({ path }) => path?.join('.')).toSorted()).toEqual(fields.toSorted());
    for (const { extensions } of read.errors) expect(extensions).toMatchObject(unauthenticated);
    const update = await gateway.query(UPDATE, { headers, variables: { id: device.id } });
    expect(update.status).toBe(200);
    expect(update.data).toEqual({ updateNetworkDevice: null });
    expect(update.errors).toMatchObject([{ path: ['updateNetworkDevice'], extensions: unauthenticated }]);
  });

  it('a refused token learns nothing about devices: the error is the same for a missing one', async () => {
    const plain = async (id: string) => {
      const { text } = await gateway.query(EVERYTHING, { variables: { id } });
      return text.replaceAll(id, 'ID').replace(/"requestId":"[^"]*"/g, '');
    };
    expect(await plain(device.id)).toBe(await plain('no-id'));
  });
});

describe('what a good token says counts', () => {
  const VIEWER = '{ viewer { id accessLevel customer { id } } }';

  it('its subject, level and customer', async () => {
    const headers = { authorization: await signed({ sub: 'employee-7', accessLevel: 'MANAGER' }) };
    const { data, errors } = await gateway.query(VIEWER, { headers });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      viewer: { id: 'employee-7', accessLevel: 'MANAGER', customer: { id: device.customer } },
    });
  });

  it('a customer id in upper case is the same customer', async () => {
    const headers = { authorization: await signed({ customer: device.customer.toUpperCase() }) };
    const { data, errors } = await gateway.query(
      'query ($id: ID!) { viewer { customer { id } } networkDevice(id: $id) { id } }',
      { headers, variables: { id: device.id } },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({ viewer: { customer: { id: device.customer } }, networkDevice: { id: device.id } });
  });

  it('an audience may be one of several', async () => {
    const headers = { authorization: await signed({ aud: ['portal', 'device-gateway'] }) };
    expect((await gateway.query(VIEWER, { headers })).errors).toEqual([]);
  });

  it('the scope status:report without a level gains nothing here', async () => {
    const headers = {
      authorization: await signed({ accessLevel: undefined, scope: 'openid status:report' }),
    };
    const variables = { id: device.id };
    const read = await gateway.query(EVERYTHING, { headers, variables });
    const update = await gateway.query(UPDATE, { headers, variables });
    expect(read.errors).toHaveLength(4);
    for (const { extensions } of [...read.errors, ...update.errors]) {
      expect(extensions).toMatchObject({
        code: 'ACCESS_DENIED',
        rest: { code: 403, message: 'access_denied' },
      });
    }
    expect(update.data).toEqual({ updateNetworkDevice: null });
  });

  it('the scope status:report beside a level adds nothing to it', async () => {
    const headers = { authorization: await signed({ accessLevel: 'VIEWER', scope: 'status:report' }) };
    const variables = { id: device.id };
    expect((await gateway.query(EVERYTHING, { headers, variables })).data).toMatchObject({
      networkDevice: variables,
    });
    const { errors } = await gateway.query(UPDATE, { headers, variables });
    expect(errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
  });

  it('another scope is no stand-in for a level', async () => {
    const headers = {
      authorization: await signed({ accessLevel: undefined, scope: 'openid status:reports' }),
    };
    const { errors } = await gateway.query(VIEWER, { headers });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});

describe('introspection and __typename need no token', () => {
  const INTROSPECTION = '{ __typename __schema { queryType { name } } __type(name: "Viewer") { name } }';

  it.each([undefined, 'Bearer garbage'])('with authorization %s', async (authorization) => {
    const headers = authorization === undefined ? {} : { authorization };
    const { data, errors } = await gateway.query(INTROSPECTION, { headers });
    expect(errors).toEqual([]);
    expect(data).toEqual({
      __typename: 'Query',
      __schema: { queryType: { name: 'Query' } },
      __type: { name: 'Viewer' },
    });
  });

  it('INTROSPECTION=false closes introspection for everybody, ADMIN included, and leaves __typename', async () => {
    const closed = await startTestGateway({ INTROSPECTION: 'false' });
    try {
      const token = await closed.token('ADMIN', device.customer);
      for (const options of [{}, { token }]) {
        const answer = await closed.query(INTROSPECTION, options);
        expect(answer.errors).not.toEqual([]);
        expect(answer.text).not.toContain('queryType":{');
        for (const { extensions } of answer.errors) {
          expect(extensions.rest).toEqual({ code: 400, message: 'bad_request' });
        }
        expect((await closed.query('{ __typename }', options)).data).toEqual({ __typename: 'Query' });
      }
    } finally {
      await closed.stop();
    }
  });
});
