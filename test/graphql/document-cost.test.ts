import {
  buildSchema,
  getIntrospectionQuery,
  getNamedType,
  type GraphQLSchema,
  isEnumType,
  isLeafType,
  isObjectType,
  Kind,
  parse,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cost } from '../../src/graphql/cost/cost.js';
import { operationCost } from '../../src/graphql/cost/document-cost.js';
import { FIELD_SIZES } from '../../src/graphql/cost/field-sizes.js';
import { type CostCheck, OperationCosts } from '../../src/graphql/cost/operation-costs.js';
import { buildGatewaySchema, printGatewaySchema } from '../../src/graphql/schema/schema.js';
import { SchemaSizes } from '../../src/graphql/cost/schema-sizes.js';

const MAX_BYTES = 16_000_000;

/** A schema with lists inside lists, as short as can be. */
const small = buildSchema(`
  type Query { device: Device devices(ids: [ID!]!): [Device] all(ids: [ID!]): [Device] page(first: Int, last: Int): Page _entities(representations: [Any!]!): [Thing]! put(input: In, state: [State!]): Device }
  scalar Any
  enum State { ON OFF }
  input In { list: [In!] n: Int }
  union Thing = Device | Other
  type Other { device: Device }
  type Page { edges: [Edge] nodes: [Device] pageInfo: Info! totalCount: Int }
  type Info { hasNextPage: Boolean }
  type Edge { node: Device }
  type Device { id: ID name: String state: State model: Other reservations: [Other!] jobs(first: Int = 20, state: [State!]): [Job!] tags: [String!] }
  type Job { id: ID }
`);

const SIZES = new SchemaSizes(small, {
  texts: { 'Device.name': { usual: 10, largest: 100 }, 'Device.tags': { usual: 3, largest: 5 } },
  lists: {
    'Device.reservations': { usual: 10, largest: 256 },
    'Device.tags': { usual: 2, largest: 6 },
    'Query.all': { usual: 50, largest: 500 },
  },
  listArguments: {
    'Query.devices(ids:)': 1_000,
    'Query.all(ids:)': 1_000,
    'Query._entities(representations:)': 1_000,
  },
  counts: new Set(['Page.totalCount']),
});

function costOf(
  source: string,
  variables: Record<string, unknown> = {},
  schema: GraphQLSchema = small,
  sizes: SchemaSizes | undefined = schema === small ? SIZES : undefined,
): Cost {
  const document = parse(source);
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('There is no operation.');
  const cost = operationCost(schema, document, operation, sizes);
  const first = cost(variables);
  expect(cost({ another: 'request' })).toBeDefined();
  expect(cost(variables)).toEqual(first);
  return first;
}

const work = (source: string, variables?: Record<string, unknown>): number => costOf(source, variables).work;

describe('the work that an operation asks for', () => {
  it.each<[string, number, Record<string, unknown>?]>([
    ['{ __typename }', 0],
    ['{ device { id tags } }', 2],
    ['{ device { model { device { id } } } }', 3],
    ['{ device { reservations { __typename } } }', 12],
    ['{ device { jobs { id } } }', 22],
    ['{ device { jobs(first: 3) { id } } }', 5],
    ['{ device { jobs(first: 0) { id } } }', 2],
    ['{ device { jobs(first: 3, state: [ON, ON, OFF]) { id } } }', 8],
    ['query ($s: [State!]) { device { jobs(first: 3, state: $s) { id } } }', 8, { s: ['ON', 'ON', 'OFF'] }],
    ['{ devices(ids: ["a", "b", "c"]) { id } }', 7],
    ['{ devices(ids: "a") { id } }', 2],
    ['{ devices(ids: []) { model { __typename } } }', 1],
    ['query ($ids: [ID!]!) { devices(ids: $ids) { model { __typename } } }', 10, { ids: ['a', 'b', 'c'] }],
    ['query ($ids: [ID!]!) { devices(ids: $ids) { id } }', 2, { ids: 'a' }],
    ['query ($ids: [ID!]! = ["a", "b"]) { devices(ids: $ids) { id } }', 5],
    ['query ($a: ID!) { devices(ids: [$a, $a]) { id } }', 5, { a: 'a' }],
    ['{ all { id } }', 51],
    ['{ all(ids: null) { id } }', 51],
    ['{ page { totalCount } }', 1],
    ['{ page { nodes { id } } }', 102],
    ['{ page(first: 7) { nodes { id } pageInfo { hasNextPage } } }', 10],
    ['{ page(last: 7) { edges { node { id } } } }', 16],
    ['{ page(first: 3, last: 7) { nodes { id } } }', 9],
    ['query ($n: Int) { page(first: $n) { nodes { id } } }', 7, { n: 5 }],
    ['query ($n: Int = 4) { page(first: $n) { nodes { id } } }', 6],
    ['query ($n: Int = 4) { page(first: $n) { nodes { id } } }', 102, { n: null }],
    ['{ page(first: 2) { nodes { jobs(first: 5) { id } } } }', 16],
    ['{ page(first: 2) { ...P } } fragment P on Page { ...Q } fragment Q on Page { nodes { id } }', 4],
    [
      '{ a: page(first: 2) { ...P } b: page(first: 3) { ...P } } fragment P on Page { nodes { model { __typename } } }',
      14,
    ],
    [
      'query ($r: [Any!]!) { _entities(representations: $r) { ... on Device { model { __typename } } } }',
      7,
      { r: [{}, {}] },
    ],
    ['{ put(input: { list: [{ list: [{}, {}] }, { n: 1 }] }) { id } }', 5],
    ['query ($i: In) { put(input: { list: [$i, $i] }) { id } }', 9, { i: { list: [{}, { list: [{}] }] } }],
    ['query ($i: In = { list: [{}, {}] }) { put(input: $i) { id } }', 3],
    ['{ device { nothing { jobs { id } } } }', 1],
    ['{ device { ...A } } fragment A on Device { model { device { ...A } } }', 3],
    ['{ device { ...Nobody } }', 1],
  ])('%s: %d', (source, expected, variables) => {
    expect(work(source, variables)).toBe(expected);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a page', { n: 2_000_000_000 }],
    ['a page below nothing', { n: -5 }],
    ['a page that is no number', { n: 'many' }],
    ['a page that is a list', { n: [[[[]]]] }],
  ])('%s that the operation refuses itself is not refused here', (_, variables) => {
    const source = 'query ($n: Int) { page(first: $n) { nodes { id } } }';
    expect(work(source, variables)).toBeLessThanOrEqual(510);
  });

  it('lists of any depth are counted without recursion', () => {
    const deep: unknown = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    expect(work('query ($ids: [ID!]!) { devices(ids: $ids) { id } }', { ids: deep })).toBeGreaterThan(19_000);
  });

  it('doubling fragments are refused in no time', () => {
    const bomb = Array.from(
      { length: 500 },
      (_, index) => `fragment F${index} on Device { ...F${index + 1} ...F${index + 1} }`,
    );
    const source = `{ device { ...F0 } } ${bomb.join(' ')} fragment F500 on Device { model { __typename } }`;
    expect(work(source)).toBeGreaterThan(1e100);
  });
});

describe('the bytes of an answer', () => {
  const real = (value: unknown): number => JSON.stringify(value).length;
  const id = 'a'.repeat(24);

  it.each<[string, unknown, number, Record<string, unknown>?]>([
    ['{ device { id } }', { device: { id } }, 1],
    ['{ device { name } }', { device: { name: 'x'.repeat(10) } }, 10],
    [
      '{ device { a: name tags state } }',
      { device: { a: 'x'.repeat(10), tags: ['abc', 'abc'], state: 'OFF' } },
      4,
    ],
    [
      'query ($ids: [ID!]!) { devices(ids: $ids) { id } }',
      { devices: Array.from({ length: 100 }, () => ({ id })) },
      1,
      { ids: Array.from({ length: 100 }, () => id) },
    ],
    [
      '{ page(first: 50) { nodes { id model { device { id } } } } }',
      { page: { nodes: Array.from({ length: 50 }, () => ({ id, model: { device: { id } } })) } },
      1,
    ],
  ])('%s: about what it will be, and at least at most', (source, answer, factor, variables) => {
    const { usualBytes, largestBytes } = costOf(source, variables);
    expect(usualBytes).toBeGreaterThan(real(answer) * 0.9);
    expect(usualBytes).toBeLessThan(real(answer) * 1.3);
    expect(largestBytes).toBeGreaterThanOrEqual(usualBytes);
    // With an entry in the arguments comes all that may be wrong with it.
    if (variables === undefined) expect(largestBytes).toBeLessThan(real(answer) * 1.3 * factor + 20);
    else expect(largestBytes).toBeGreaterThan(100_000);
  });

  it('long names under which fields are asked for are counted', () => {
    const alias = 'a'.repeat(1_000);
    const ids = Array.from({ length: 100 }, String);
    const { usualBytes } = costOf(`query ($ids: [ID!]!) { devices(ids: $ids) { ${alias}: id } }`, { ids });
    expect(usualBytes).toBeGreaterThan(100_000);
  });
});

describe('totals', () => {
  it.each([
    ['{ page { totalCount nodes { id } } }', 1],
    ['{ page { totalCount a: totalCount ...P } } fragment P on Page { totalCount }', 1],
    ['{ page { totalCount } b: page { totalCount } c: page { nodes { id } } }', 2],
    [
      '{ ...Q ...R } fragment Q on Query { page { totalCount } } fragment R on Query { b: page { totalCount } }',
      2,
    ],
  ])('%s: %d', (source, counts) => {
    expect(costOf(source).counts).toBe(counts);
  });
});

describe('what the gateway lets through', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await buildGatewaySchema();
  });

  const check = (
    source: string,
    variables: Record<string, unknown> = {},
    maxBytes = MAX_BYTES,
  ): CostCheck => {
    const document = parse(source);
    const [operation] = document.definitions;
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('The operation comes first.');
    return new OperationCosts(schema, maxBytes).check(document, operation, variables);
  };
  const everything = (types: readonly string[], name: string): string => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return '';
    const fields = Object.values(type.getFields()).map((field) => {
      const inner = getNamedType(field.type).name;
      if (types.includes(inner)) return '';
      const sub = everything([...types, name], inner);
      return sub === '' ? field.name : `${field.name} { ${sub} }`;
    });
    return fields.join(' ');
  };
  const HISTORY = ['DeviceChangeConnection', 'DeviceSettings'];
  const ids = Array.from({ length: 1_000 }, () => 'a'.repeat(24));
  const many = (count: number, text: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => text(index)).join(' ');

  it('500 devices as nodes and as edges, and 1,000 by their ids, with everything nested but their history', () => {
    const device = everything(HISTORY, 'NetworkDevice');
    expect(device).toContain('reservedClients { ');
    const page = `{ networkDeviceConnection(first: 500) { nodes { ${device} } edges { node { ${device} } } totalCount } }`;
    expect(check(page).error).toBeUndefined();
    expect(costOf(page, {}, schema).work).toBeGreaterThan(10_000);
    const look = `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${device} } }`;
    expect(check(look, { ids }).error).toBeUndefined();
    const entities = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on NetworkDevice { ${device} } } }`;
    const r = ids.map((id) => ({ __typename: 'NetworkDevice', id }));
    expect(check(entities, { r }).error).toBeUndefined();
  });

  it('who changed 500 devices last, and what; not all that was changed of them', () => {
    const changed = (first: number, what: string): string =>
      `{ networkDeviceConnection(first: 500) { nodes { id changes(first: ${first}) { nodes { ${what} } } } } }`;
    const values = everything([], 'DeviceChange');
    expect(check(changed(20, 'version at action by paths')).error).toBeUndefined();
    expect(check(changed(1, values)).error).toBeUndefined();
    expect(check(changed(100, values)).error).toMatchObject({ code: 'OPERATION_TOO_LARGE' });
    const versions = many(95, (index) => `v${index}: settingsAt(version: ${index}) { name }`);
    expect(
      check(`query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${versions} } }`, { ids }).error,
    ).toMatchObject({
      code: 'OPERATION_TOO_LARGE',
    });
  });

  it('nothing is measured while it is made that cannot be too long', () => {
    expect(check('query ($id: ID!) { networkDevice(id: $id) { id name notes } }').meter).toBeUndefined();
    const light =
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id name macAddress status { online } } }';
    expect(check(light, { ids }).meter).toBeUndefined();
    const heavy =
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { dhcp { reservedClients { mac } } notes } }';
    expect(check(heavy, { ids }).meter).toBeDefined();
    expect(check(heavy, { ids: ids.slice(0, 10) }).meter).toBeUndefined();
  });

  it('introspection twice, as it is written for clients, and the SDL beside it', () => {
    const query = getIntrospectionQuery();
    const { schemaBytes } = costOf(query, {}, schema);
    expect(schemaBytes).toBeGreaterThan(30_000);
    expect(check(query).error).toBeUndefined();
    expect(check('{ _sdl _service { sdl } }').error).toBeUndefined();
    expect(2 * schemaBytes + costOf('{ _sdl _service { sdl } }', {}, schema).schemaBytes).toBeLessThan(
      400_000,
    );
    expect(FIELD_SIZES.texts['_Service.sdl']?.usual).toBeGreaterThan(printGatewaySchema(schema).length);
  });

  it.each<[string, string, RegExp, Record<string, unknown>?]>([
    ['_sdl over and over', `{ ${many(50, (i) => `a${i}: _sdl`)} }`, /of the schema/],
    ['_service over and over', `{ ${many(50, (i) => `a${i}: _service { sdl }`)} }`, /of the schema/],
    ['sdl over and over', `{ _service { ${many(50, (i) => `a${i}: sdl`)} } }`, /of the schema/],
    [
      'introspection over and over',
      `{ __schema { ${many(50, (i) => `t${i}: types { name fields { name description } }`)} } }`,
      /of the schema/,
    ],
    [
      'jobs that nobody wants of 1,000 devices, 95 times',
      `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${many(95, (i) => `a${i}: provisioningJobs(first: 0) { id }`)} } }`,
      /50000 objects/,
      { ids },
    ],
    [
      'jobs in 6,500 states',
      'query ($ids: [ID!]!, $s: [ProvisioningJobState!]) { networkDevices(ids: $ids) { provisioningJobs(first: 0, state: $s) { id } } }',
      /50000 objects/,
      { ids, s: Array.from({ length: 6_500 }, () => 'QUEUED') },
    ],
    [
      '31,000 reservations, twice',
      `mutation ($i: DeviceUpdateInput!) { ${many(2, (i) => `a${i}: updateNetworkDevice(id: "a", input: $i) { id }`)} }`,
      /50000 objects/,
      { i: { dhcp: { reservedClients: Array.from({ length: 31_000 }, () => ({})) } } },
    ],
    [
      'three totals',
      `{ ${many(3, (i) => `a${i}: customerConnection(search: "${i}") { totalCount }`)} }`,
      /at most 2 lists/,
    ],
    [
      'whole devices, 45 times 1,000',
      `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${many(45, (i) => `a${i}: status { lanIp subnetMask gateway dns dns2 ipv6 ipv6Dns ipv6Dns2 wanIp publicIp lastComm online upTime simStatus networkType uplinkRate downlinkRate connectionTime }`)} } }`,
      /MAX_ANSWER_BYTES/,
      { ids },
    ],
    [
      'long names',
      `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${many(20, (i) => `${'a'.repeat(900)}${i}: id`)} } }`,
      /MAX_ANSWER_BYTES/,
      { ids },
    ],
  ])('refuses %s', (_, source, message, variables) => {
    const { error } = check(source, variables);
    expect(error?.code).toBe('OPERATION_TOO_LARGE');
    expect(error?.message).toMatch(message);
  });

  it('the limit of an answer is the setting', () => {
    const query = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id name } }';
    expect(check(query, { ids }, 50_000).error?.message).toContain('50000 bytes (MAX_ANSWER_BYTES)');
    expect(check(query, { ids: ids.slice(0, 700) }, 50_000).error).toBeUndefined();
  });
});

describe('every field of the schema has a size', () => {
  it('and no entry of the table is for a field that is not there', async () => {
    const schema = await buildGatewaySchema();
    const { texts, lists, listArguments, counts } = FIELD_SIZES;
    const places = [...Object.keys(texts), ...Object.keys(lists), ...Object.keys(listArguments), ...counts];
    expect(places.filter((place) => !exists(schema, place))).toEqual([]);
  });

  it.each([
    ['a text', 'type Query { a: String }', 'Query.a'],
    ['a list of texts', 'type Query { a: [String] }', 'Query.a'],
    ['a list of objects', 'type Query { a: [A] } type A { b: Int }', 'Query.a'],
    ['a list that need not be asked for', 'type Query { a(ids: [ID!]): [A] } type A { b: Int }', 'Query.a'],
    ['an argument', 'type Query { a(b: [Int!]!): Int }', 'Query.a(b:)'],
    ['a list of enum values', 'enum E { X } type Query { a(b: [E!]): Int }', 'Query.a(b:)'],
    ['a list in an input', 'input I { list: [I] } type Query { a(b: I): Int }', 'I.list'],
    ['a scalar', 'scalar Blob type Query { a: Blob }', 'Query.a'],
  ])('%s without one is found', (_, sdl, place) => {
    expect(new SchemaSizes(buildSchema(sdl)).missing()).toContain(place);
  });

  it.each([
    ['a number', 'type Query { a: Int b: Boolean c: Float }'],
    ['an enum', 'enum E { X } type Query { a: E }'],
    ['a page', 'type Query { a: P } type P { nodes: [A] pageInfo: Int } type A { b: Int }'],
    ['a list with first', 'type Query { a(first: Int): [A] } type A { b: Int }'],
  ])('%s needs none', (_, sdl) => {
    expect(new SchemaSizes(buildSchema(sdl)).missing()).toEqual([]);
  });
});

/** Whether a schema has what a coordinate names. */
function exists(schema: GraphQLSchema, coordinate: string): boolean {
  const [, typeName = '', fieldName = '', argument] = /^(\w+)\.(\w+)(?:\((\w+):\))?$/.exec(coordinate) ?? [];
  const type = schema.getType(typeName);
  if (!type || isLeafType(type) || isEnumType(type) || !('getFields' in type)) return false;
  const field = type.getFields()[fieldName];
  if (field === undefined) return false;
  return argument === undefined || ('args' in field && field.args.some(({ name }) => name === argument));
}
