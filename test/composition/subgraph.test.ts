import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';

describe('Federation 2: what a gateway may ask of a subgraph, with the access rules in force', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('entities out of reach and unknown ones are null without an error, and the others stand', async () => {
    const device = await createDevice(gateway, { name: 'One' });
    const foreign = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    const query =
      'query ($it: [_Any!]!) { _entities(representations: $it) { ... on NetworkDevice { name } } }';
    const it = [foreign.id, device.id, newId()].map((id) => ({ __typename: 'NetworkDevice', id }));
    const { data, errors } = await gateway.query(query, { token, variables: { it } });
    expect(errors).toEqual([]);
    expect(data).toEqual({ _entities: [null, { name: 'One' }, null] });
  });

  it.each([
    ['an unknown type', { __typename: 'Spaceship', id: '1' }],
    ['a type that is no entity', { __typename: 'WifiSettings', id: '1' }],
    ['no id', { __typename: 'NetworkDevice' }],
    ['no object', 'NetworkDevice'],
    ['a name every object has', { __typename: 'toString', id: '1' }],
  ])('a representation with %s is null at its place, and the others stand', async (_, representation) => {
    const customer = await createCustomer(gateway);
    const token = await gateway.token('MANAGER', customer);
    const query = 'query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }';
    const known = { __typename: 'Customer', id: customer };
    const { data, errors } = await gateway.query(query, {
      token,
      variables: { it: [known, representation, known] },
    });
    expect(data).toEqual({ _entities: [{ __typename: 'Customer' }, null, { __typename: 'Customer' }] });
    expect(errors).toMatchObject([{ path: ['_entities', 1], extensions: { code: 'BAD_REQUEST' } }]);
  });

  it('a representation of a depth that nobody can walk is refused', async () => {
    const token = await gateway.token('ADMIN', newId());
    const query = 'query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }';
    const deep = '['.repeat(40_000) + ']'.repeat(40_000);
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: `{"query":${JSON.stringify(query)},"variables":{"it":[${deep}]}}`,
    });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it('more than 1,000 representations are refused', async () => {
    const token = await gateway.token('ADMIN', newId());
    const it = Array.from({ length: 1_001 }, (_, index) => ({
      __typename: index % 2 === 0 ? 'NetworkDevice' : 'DeviceModel',
      id: newId(),
    }));
    const query = 'query ($it: [_Any!]!) { _entities(representations: $it) { __typename } }';
    const { errors } = await gateway.query(query, { token, variables: { it } });
    expect(errors[0]?.extensions).toMatchObject({
      code: 'INVALID_VALUE',
      rest: { message: 'representations' },
    });
  });

  it('WiFi passwords of an entity stay hidden from a viewer, without an error', async () => {
    const device = await createDevice(gateway);
    const token = await gateway.token('VIEWER', device.customer);
    const query =
      'query ($it: [_Any!]!) { _entities(representations: $it) { ... on NetworkDevice { wifi { ssid password } } } }';
    const { data, errors } = await gateway.query(query, {
      token,
      variables: { it: [{ __typename: 'NetworkDevice', id: device.id }] },
    });
    expect(errors).toEqual([]);
    expect(data).toEqual({ _entities: [{ wifi: { ssid: 'SkyNet', password: null } }] });
  });

  it('_service is what the specification says: its sdl is never null', async () => {
    const { data } = await gateway.query(
      '{ _service { sdl } __type(name: "_Service") { fields { name type { kind ofType { name } } } } }',
    );
    expect(data).toEqual({
      _service: { sdl: textLike(/@link\(url: "https:\/\/specs\.apollo\.dev\/federation\/v2\.4"/) },
      __type: { fields: [{ name: 'sdl', type: { kind: 'NON_NULL', ofType: { name: 'String' } } }] },
    });
  });

  it('INTROSPECTION=false closes _sdl and _service', async () => {
    const closed = await startTestGateway({ INTROSPECTION: 'false' });
    for (const query of ['{ _sdl }', '{ _service { sdl } }']) {
      expect((await closed.query(query)).errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    await closed.stop();
  });
});
