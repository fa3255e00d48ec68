import { createHash } from 'node:crypto';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { spyOnStatements } from '../support/statements.js';

let gateway: TestGateway;
let device: TestDevice;
let token: string;
const statements = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ MAX_BODY_BYTES: '2000000', PROVISIONING_WORKER: 'false' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
});
afterAll(async () => {
  statements.restore();
  await gateway.stop();
});

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const device$ = (): string => `networkDevice(id: "${device.id}")`;

function expectTooLarge({ errors, data, status }: GraphqlAnswer, message: RegExp): void {
  expect(status).toBe(200);
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toMatch(message);
  expect(errors[0]?.extensions).toMatchObject({
    code: 'OPERATION_TOO_LARGE',
    rest: { code: 400, message: 'bad_request' },
    retryable: false,
  });
}

const TOO_LARGE: readonly [string, () => string, RegExp][] = [
  ['1,000 levels', () => `${'{ viewer '.repeat(1_000)}${'}'.repeat(1_000)}`, /MAX_DEPTH/],
  ['13 levels', () => `{ ${'viewer { '.repeat(12)}id${'}'.repeat(12)} }`, /MAX_DEPTH/],
  [
    '1,300 inline fragments',
    () => `{ ${'... { '.repeat(1_300)}__typename${'}'.repeat(1_300)} }`,
    /MAX_DEPTH/,
  ],
  [
    'lists in lists',
    () => `{ networkDevice(id: ${'['.repeat(1_000)}${']'.repeat(1_000)}) { id } }`,
    /MAX_DEPTH/,
  ],
  ['a million lists in lists', () => `{ networkDevice(id: ${'['.repeat(1_000_000)}`, /MAX_TOKENS|nested/],
  ['a million levels', () => '{a'.repeat(500_000), /MAX_TOKENS|nested/],
  [
    'types in types',
    () => `query ($a: ${'['.repeat(1_000)}Int${']'.repeat(1_000)}) { __typename }`,
    /MAX_DEPTH/,
  ],
  ['101 aliases', () => `{ ${device$()} { ${many(101, (index) => `a${index}: name`)} } }`, /MAX_ALIASES/],
  ['1,000 aliases', () => `{ ${device$()} { ${many(1_000, (index) => `a${index}: name`)} } }`, /MAX_ALIASES/],
  [
    '10,000 aliases',
    () => `{ ${device$()} { ${many(10_000, (index) => `a${index}: name`)} } }`,
    /MAX_TOKENS/,
  ],
  ['one field 3,000 times', () => `{ ${device$()} { ${'name '.repeat(3_000)} } }`, /MAX_ALIASES/],
  ['51 root fields', () => `{ ${many(51, (index) => `a${index}: ${device$()} { id }`)} }`, /MAX_ROOT_FIELDS/],
  ['100,000 directives', () => `{ __typename ${'@skip(if: false) '.repeat(100_000)} }`, /MAX_TOKENS/],
  ['201 directives', () => `{ __typename ${'@skip(if: false) '.repeat(201)} }`, /200 directives/],
  [
    '300 fragments',
    () => `{ viewer { ...F0 } } ${many(300, (i) => `fragment F${i} on Viewer { id }`)}`,
    /200 fragments \(MAX_FRAGMENTS\)/,
  ],
  [
    'fragments that double',
    () =>
      `{ viewer { ...F0 } } ${many(45, (i) => `fragment F${i} on Viewer { a: id ...F${i + 1} ...F${i + 1} }`)} fragment F45 on Viewer { id }`,
    /MAX_ALIASES/,
  ],
  [
    'pages with everything, twenty times',
    () =>
      `{ ${many(20, (i) => `p${i}: networkDeviceConnection(first: 500) { nodes { model { capabilities { wifi } } customer { id } dhcp { reservedClients { ip } } } }`)} }`,
    /50000 objects/,
  ],
  [
    'jobs times devices',
    () => '{ networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: 500) { id } } } }',
    /50000 objects/,
  ],
  [
    'introspection over and over',
    () =>
      `{ __schema { ${many(99, (i) => `t${i}: types { fields { type { ofType { ofType { name } } } args { type { name } } } }`)} } }`,
    /50000 objects/,
  ],
  [
    'introspection that goes round',
    () => `{ __type(name: "Query") { ${'ofType { '.repeat(25)}name${'}'.repeat(25)} } }`,
    /Introspection goes at most/,
  ],
];

describe('a document that is too large is refused before any work', () => {
  beforeEach(async () => {
    await gateway.query(`{ ${device$()} { id } }`, { token });
    expect(statements.texts()).not.toEqual([]);
    statements.clear();
  });

  it.each(TOO_LARGE)('%s', async (_, source, message) => {
    const query = source();
    expectTooLarge(await gateway.query(query, { token }), message);
    expectTooLarge(await gateway.query(query, { token }), message);
    expectTooLarge(await gateway.query(query), message);
    const modern = await gateway.query(query, {
      token,
      headers: { accept: 'application/graphql-response+json' },
    });
    expect(modern.status).toBe(400);
    expect(modern.errors[0]?.extensions.code).toBe('OPERATION_TOO_LARGE');
    expect(statements.texts()).toEqual([]);
  });

  it('a persisted query, when it is sent and when it is named', async () => {
    const query = `{ ${device$()} { ${many(101, (index) => `b${index}: name`)} } }`;
    const hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash: hash } };
    const send = async (body: object): Promise<unknown> => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      return await (await fetch(gateway.url, { method: 'POST', headers, body: JSON.stringify(body) })).json();
    };
    expect(await send({ query, extensions })).toMatchObject({
      errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }],
    });
    expect(await send({ extensions })).not.toHaveProperty('data');
    expect(statements.texts()).toEqual([]);
  });

  it.each([
    ['a hundred aliases', (): string => `{ ${device$()} { ${many(101, (i) => `c${i}: name`)} } }`],
    ['tokens', (): string => `{ ${'a '.repeat(4_001)}}`],
  ])('by GET: %s', async (_, source) => {
    const response = await fetch(
      `${gateway.url}?query=${encodeURIComponent(source()).replaceAll('%20', '+')}`,
      {
        headers: { 'apollo-require-preflight': '1', authorization: `Bearer ${token}` },
      },
    );
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }],
    });
    expect(statements.texts()).toEqual([]);
  });

  it('operations in one body', async () => {
    const body = JSON.stringify(Array.from({ length: 1_000 }, () => ({ query: '{ viewer { id } }' })));
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(gateway.url, { method: 'POST', headers, body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(statements.texts()).toEqual([]);
  });

  it('fragments inside themselves do not fit the schema', async () => {
    const { errors } = await gateway.query(
      '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
      { token },
    );
    expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(statements.texts()).toEqual([]);
  });
});

describe('what depends on the variables is looked at each time', () => {
  const QUERY = `query ($n: Int) { ${many(8, (i) => `p${i}: networkDeviceConnection(first: $n) { nodes { dhcp { reservedClients { ip mac } } model { capabilities { wifi } } customer { name } wifi { ssid } status { online } } }`)} }`;

  it('a document that was fine with small pages', async () => {
    expect((await gateway.query(QUERY, { token, variables: { n: 10 } })).errors).toEqual([]);
    expectTooLarge(await gateway.query(QUERY, { token, variables: { n: 500 } }), /50000 objects/);
    expect((await gateway.query(QUERY, { token, variables: { n: 10 } })).errors).toEqual([]);
  });

  it('a page that is too long keeps its own error', async () => {
    const query = 'query ($n: Int) { networkDeviceConnection(first: $n) { nodes { id } } }';
    const { errors } = await gateway.query(query, { token, variables: { n: 1_000_000 } });
    expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_VALUE', rest: { message: 'first' } });
  });
});

describe('variables of any shape cost little', () => {
  const QUERY =
    'query ($id: ID!, $s: [DeviceState!]) { networkDevice(id: $id) { id } networkDeviceConnection(filter: { state: $s }) { totalCount } }';

  it('40,000 levels deep', async () => {
    const body = `{"query":${JSON.stringify(QUERY)},"variables":{"id":${'['.repeat(40_000)}${']'.repeat(40_000)}}}`;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const response = await fetch(gateway.url, { method: 'POST', headers, body });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
  });

  it('a list of 20,000 violations is reported in part', async () => {
    const s = Array.from({ length: 20_000 }, () => 'x');
    const { errors } = await gateway.query(QUERY, { token, variables: { id: device.id, s } });
    expect(errors[0]?.extensions.code).toBe('VALUE_NOT_PERMITTED');
    expect(errors[0]?.extensions.violations).toHaveLength(10);
    expect(errors[0]?.extensions.violations?.[9]?.path).toBe('filter.state[9]');
  });
});

describe('what portals and explorers send is inside the limits', () => {
  it('introspection, with everything that it can ask for', async () => {
    const query = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    const { errors, data } = await gateway.query(query);
    expect(errors).toEqual([]);
    expect(data).toHaveProperty('__schema.types');
  });

  it('50 devices under aliases, with everything nested', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => (index === 0 ? device.id : newId()));
    const query = `{ ${ids.map((id, index) => `_${index}_networkDevice: networkDevice(id: "${id}") { ...D }`).join(' ')} }
      fragment D on NetworkDevice { id version state name notes jobs macAddress serialNumber mvnoAccount
        model { id name type brand description picture capabilities { wifi wifi2G wifi5G wifi6G simSupport } } customer { id name }
        wifi { enabled ssid enabled5G ssid5G enabled6G ssid6G bandsteering }
        dhcp { enable ipPoolStart ipPoolEnd leaseTime primaryDnsServer reservedClients { mac ip enable id } }
        status { online lanIp networkType networkTypes simStatus } createdAt updatedAt }`;
    const { data } = await gateway.query(query, { token });
    expect(data).toMatchObject({ _0_networkDevice: { name: 'Johns router' }, _49_networkDevice: null });
  });
});

it('nothing of this was INTERNAL_ERROR', () => {
  expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
