import {
  getNamedType,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGatewaySchema } from '../../src/graphql/schema/schema.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { localClaims, sign, unsigned } from '../support/tokens.js';

/** A word that could be a password, that nothing else holds. */
const CANARY = 'Zq7canaryW9';
/** The same as a number. */
const NUMBER_CANARY = 918_273_645;

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion) { id version }
}`;

/** Every place of the input that takes text, e.g. `dhcp.reservedClients.0.mac`. */
async function textPlaces(): Promise<readonly string[]> {
  const input = (await buildGatewaySchema()).getType('DeviceUpdateInput');
  if (!isInputObjectType(input)) throw new Error('There is no DeviceUpdateInput.');
  const below = (type: GraphQLInputType): string[] => {
    if (isNonNullType(type)) return below(type.ofType);
    if (isListType(type)) return below(type.ofType).map((place) => (place === '' ? '0' : `0.${place}`));
    if (isScalarType(type)) return ['Boolean', 'Int', 'Float'].includes(getNamedType(type).name) ? [] : [''];
    if (!isInputObjectType(type)) return [];
    return Object.values(type.getFields()).flatMap(({ name, type: of }) =>
      below(of).map((place) => (place === '' ? name : `${name}.${place}`)),
    );
  };
  return below(input);
}

/** `a.0.b` and a value → `{ a: [{ b: value }] }` */
function nest(place: string, value: unknown): unknown {
  const [first, ...rest] = place.split('.');
  const inner = rest.length === 0 ? value : nest(rest.join('.'), value);
  return first === '0' ? [inner] : { [first ?? '']: inner };
}

/** A value as a GraphQL literal; texts and numbers stay as they are. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`);
  return `{ ${fields.join(', ')} }`;
}

describe('no answer and no log line ever holds a secret that was sent in', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  let places: readonly string[];

  beforeAll(async () => {
    gateway = await startTestGateway();
    device = await createDevice(gateway);
    token = await gateway.token('ADMIN', device.customer);
    places = await textPlaces();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** Sends a request and looks for the canary in everything that comes of it. @returns the codes of the answer's errors */
  async function send(query: string, variables: object = {}, auth = token): Promise<readonly string[]> {
    const all = { id: device.id, ...variables };
    const { text, errors } = await gateway.query(query, { token: auth, variables: all });
    expectNoCanary(text);
    return errors.map(({ extensions }) => extensions.code);
  }
  function expectNoCanary(text: string): void {
    const leaks = [text, ...gateway.logLines].filter(
      (line) => line.includes(CANARY) || line.includes(String(NUMBER_CANARY)),
    );
    expect(leaks).toEqual([]);
  }
  async function sendRaw(
    { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
    target = gateway.url,
  ): Promise<number> {
    const response = await fetch(target, {
      method: 'POST',
      ...init,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    });
    expectNoCanary(await response.text());
    return response.status;
  }
  const inEveryPlace = async (work: (place: string) => Promise<void>): Promise<void> => {
    expect(places.length).toBeGreaterThan(12);
    for (const place of places) await work(place);
  };

  it('domain rules, in every field', async () => {
    const values = [CANARY, `${CANARY}\u0000`, CANARY.repeat(600), `ø${CANARY}`, ` ${CANARY} `, `1${CANARY}`];
    const codes = new Set<string>();
    await inEveryPlace(async (place) => {
      for (const value of values) {
        for (const code of await send(UPDATE, { input: nest(place, value) })) codes.add(code);
        const inline = literal(nest(place, value));
        await send(`mutation ($id: ID!) { updateNetworkDevice(id: $id, input: ${inline}) { id } }`);
      }
    });
    expect([...codes]).toEqual(['INVALID_VALUE']);
  });

  it('wrong types, as variables: BAD_USER_INPUT', async () => {
    const wrongs = [
      NUMBER_CANARY,
      [CANARY],
      { text: CANARY },
      { [CANARY.toLowerCase()]: CANARY },
      [[CANARY]],
      [{ x: CANARY }],
    ];
    await inEveryPlace(async (place) => {
      for (const wrong of wrongs) {
        // An ID may be a number; the rules check it.
        const code = place === 'mvnoAccount' && wrong === NUMBER_CANARY ? 'INVALID_VALUE' : 'BAD_USER_INPUT';
        expect(await send(UPDATE, { input: nest(place, wrong) }), place).toEqual([code]);
      }
    });
    for (const input of [CANARY, [CANARY], NUMBER_CANARY, { wifi: CANARY }, { dhcp: [CANARY] }]) {
      expect(await send(UPDATE, { input })).toEqual(['BAD_USER_INPUT']);
    }
    for (const place of ['wifi.enabled', 'dhcp.enable', 'dhcp.leaseTime', 'dhcp.reservedClients.0.enable']) {
      expect(await send(UPDATE, { input: nest(place, CANARY) }), place).toEqual(['BAD_USER_INPUT']);
    }
    expect(await send(UPDATE, { input: {}, expectedVersion: CANARY })).toEqual(['BAD_USER_INPUT']);
  });

  it('wrong types, as literals: GRAPHQL_VALIDATION_FAILED', async () => {
    await inEveryPlace(async (place) => {
      for (const wrong of [
        CANARY,
        String(NUMBER_CANARY),
        `[${CANARY}]`,
        `{ x: "${CANARY}" }`,
        `[["${CANARY}"]]`,
      ]) {
        const inline = literal(nest(place, '@')).replace('"@"', wrong);
        const codes = await send(
          `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: ${inline}) { id } }`,
        );
        const isIdAsNumber = place === 'mvnoAccount' && wrong === String(NUMBER_CANARY);
        const code = isIdAsNumber ? 'INVALID_VALUE' : 'GRAPHQL_VALIDATION_FAILED';
        expect(new Set(codes), `${place}: ${wrong}`).toEqual(new Set([code]));
      }
    });
    for (const inline of [
      `"${CANARY}"`,
      `["${CANARY}"]`,
      `{ wifi: "${CANARY}" }`,
      `{ dhcp: { leaseTime: "${CANARY}" } }`,
    ]) {
      await send(`mutation ($id: ID!) { updateNetworkDevice(id: $id, input: ${inline}) { id } }`);
    }
    for (const field of ['nope', 'passwordd']) {
      await send(
        `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { wifi: { ${field}: "${CANARY}" } }) { id } }`,
      );
      await send(UPDATE, { input: { [field]: CANARY, wifi: { [field]: CANARY } } });
      await send(`{ networkDevice(id: "x", ${field}: "${CANARY}") { id } }`);
    }
  });

  it.each([
    ['unquoted', `password: ${CANARY}`],
    ['unquoted, with a blank', `password: correct ${CANARY}`],
    ['unquoted, from a digit', `password: 1${CANARY}`],
    ['unquoted, from a dollar sign', `password: $${CANARY}`],
    ['unquoted, from an at sign', `password: @${CANARY}`],
    ['unquoted, from an ampersand', `password: &${CANARY}`],
    ['in single quotes', `password: '${CANARY}'`],
    ['with half its quotes', `password: "${CANARY}`],
    ['with a bad escape', `password: "${CANARY}\\q"`],
    ['twice', `password: "x" "${CANARY}"`],
    ['followed by a block string', `password: "x" """${CANARY}"""`],
    ['without a colon', `password "${CANARY}"`],
    ['as a directive', `password: "x" @deprecated(reason: "${CANARY}")`],
    ['as a number', `password: "x" ${NUMBER_CANARY}`],
    ['after a stray bracket', `password: ) "${CANARY}"`],
  ])('syntax and spelling errors in a literal: a password %s', async (_, field) => {
    const query = `mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { wifi: { ${field} } }) { id } }`;
    expect(await send(query)).not.toEqual([]);
  });

  it('MAC address in use, conflict, deleting, missing and denied', async () => {
    const other = await createDevice(gateway);
    const deleting = await createDevice(gateway, { state: 'DELETING' });
    const secrets = { notes: CANARY, wifi: { ssid: CANARY, password: CANARY, password5G: CANARY } };
    const { macAddress } = other;
    expect(await send(UPDATE, { input: { ...secrets, macAddress } })).toEqual(['MAC_ADDRESS_IN_USE']);
    expect(await send(UPDATE, { input: secrets, expectedVersion: 99 })).toEqual(['VERSION_CONFLICT']);
    expect(await send(UPDATE, { id: deleting.id, input: secrets })).toEqual(['DEVICE_DELETING']);
    expect(await send(UPDATE, { id: newId(), input: secrets })).toEqual(['NOT_FOUND']);
    const stranger = await gateway.token('OWNER', other.customer);
    expect(await send(UPDATE, { input: secrets }, stranger)).toEqual(['ACCESS_DENIED']);
    expect(await send(UPDATE, { input: secrets, id: 'no-id' }, stranger)).toEqual(['ACCESS_DENIED']);
    expect(await send(UPDATE, { input: secrets })).toEqual([]);
  });

  it('tokens, good and bad', async () => {
    const claims = localClaims(device.customer, { sub: 'x', name: CANARY });
    const tokens = [
      CANARY,
      `${CANARY}.${CANARY}.${CANARY}`,
      unsigned(claims),
      await sign(claims, Buffer.from(CANARY.padEnd(32))),
    ];
    for (const auth of tokens) {
      expect(await send('{ viewer { id } }', {}, auth)).toEqual(['UNAUTHENTICATED']);
      expect(gateway.logLines.join('')).not.toContain(auth);
    }
    for (const authorization of [`Basic ${CANARY}`, CANARY, `Bearer ${CANARY} ${CANARY}`, `bearer`]) {
      const { text } = await gateway.query('{ viewer { id } }', { headers: { authorization } });
      expectNoCanary(text);
    }
    expect(gateway.logLines.join('')).not.toContain(token);
  });

  it('bodies and paths that are not understood', async () => {
    const query = `{ viewer { id } } # ${CANARY}`;
    expect(await sendRaw({ body: `{"query": "${CANARY}` })).toBe(400);
    expect(await sendRaw({ body: CANARY })).toBe(400);
    expect(await sendRaw({ body: JSON.stringify([CANARY]) })).toBe(400);
    expect(await sendRaw({ body: JSON.stringify({ query: [CANARY] }) })).toBe(400);
    expect(await sendRaw({ body: JSON.stringify({ query, variables: CANARY }) })).toBe(400);
    expect(await sendRaw({ body: JSON.stringify({ query: CANARY.repeat(20_000) }) })).toBe(413);
    expect(await sendRaw({ body: CANARY, headers: { 'content-type': 'text/plain' } })).toBe(415);
    expect(await sendRaw({ method: 'PUT', body: CANARY })).toBe(405);
    expect(await sendRaw({ body: CANARY }, new URL(`/${CANARY}?password=${CANARY}`, gateway.url).href)).toBe(
      404,
    );
    await sendRaw({ method: 'GET' }, `${gateway.url}?query=${encodeURIComponent(query)}&variables=${CANARY}`);
    await sendRaw({ body: JSON.stringify({ query: `{ viewer { id } } ${'x '.repeat(5_000)}${CANARY}` }) });
  });

  it('failures of the database, whose own messages hold rows', async () => {
    const secrets = { name: CANARY, notes: CANARY, wifi: { password: CANARY, ssid5G: CANARY } };
    const broken = await createDevice(gateway);
    await gateway.sql.query('ALTER TABLE network_device ADD CONSTRAINT never CHECK (version < 2) NOT VALID');
    expect(await send(UPDATE, { id: broken.id, input: secrets })).toEqual(['INTERNAL_ERROR']);
    await gateway.sql.query('ALTER TABLE network_device RENAME TO network_device_away');
    try {
      expect(await send(UPDATE, { id: broken.id, input: secrets })).toEqual(['INTERNAL_ERROR']);
      expect(await send('query ($id: ID!) { networkDevice(id: $id) { id } }')).toEqual(['INTERNAL_ERROR']);
      expect(gateway.logLines.join('')).toContain('INTERNAL_ERROR');
    } finally {
      await gateway.sql.query('ALTER TABLE network_device_away RENAME TO network_device');
    }
  });
});
