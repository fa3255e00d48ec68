import { buildSchema, getIntrospectionQuery, type GraphQLSchema, isObjectType, Kind, parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { costFault, objectsAsked } from '../../src/graphql/document-cost.js';
import { buildGatewaySchema } from '../../src/graphql/schema.js';

/** A schema with lists inside lists, as short as can be. */
const small = buildSchema(`
  type Query { device: Device devices(ids: [ID!]!): [Device] all(ids: [ID!]): [Device] page(first: Int, last: Int): Page _entities(representations: [Any!]!): [Thing]! }
  scalar Any
  union Thing = Device | Other
  type Other { device: Device }
  type Page { edges: [Edge] nodes: [Device] pageInfo: Info! totalCount: Int }
  type Info { hasNextPage: Boolean }
  type Edge { node: Device }
  type Device { id: ID model: Other reservations: [Other!] jobs(first: Int = 20): [Job!] tags: [String!] }
  type Job { id: ID }
`);

function cost(
  source: string,
  variables: Record<string, unknown> = {},
  schema: GraphQLSchema = small,
): number {
  const document = parse(source);
  const operation = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error('There is no operation.');
  const asked = objectsAsked(schema, document, operation, variables);
  const fault = costFault(schema, document, operation, variables);
  expect(fault?.code).toBe(asked > 50_000 ? 'OPERATION_TOO_LARGE' : undefined);
  return asked;
}

describe('the objects that an operation asks for', () => {
  it.each<[string, number, Record<string, unknown>?]>([
    ['{ __typename }', 0],
    ['{ device { id tags } }', 1],
    ['{ device { model { device { id } } } }', 3],
    ['{ device { reservations { __typename } } }', 11],
    ['{ device { jobs { id } } }', 21],
    ['{ device { jobs(first: 3) { id } } }', 4],
    ['{ devices(ids: ["a", "b", "c"]) { id } }', 3],
    ['{ devices(ids: "a") { id } }', 1],
    ['{ devices(ids: []) { model { __typename } } }', 0],
    ['query ($ids: [ID!]!) { devices(ids: $ids) { model { __typename } } }', 6, { ids: ['a', 'b', 'c'] }],
    ['query ($ids: [ID!]!) { devices(ids: $ids) { id } }', 1, { ids: 'a' }],
    ['query ($ids: [ID!]! = ["a", "b"]) { devices(ids: $ids) { id } }', 2],
    ['query ($a: ID!) { devices(ids: [$a, $a]) { id } }', 2, { a: 'a' }],
    ['{ all { id } }', 500],
    ['{ all(ids: null) { id } }', 500],
    ['{ page { totalCount } }', 1],
    ['{ page { nodes { id } } }', 101],
    ['{ page(first: 7) { nodes { id } pageInfo { hasNextPage } } }', 9],
    ['{ page(last: 7) { edges { node { id } } } }', 15],
    ['{ page(first: 3, last: 7) { nodes { id } } }', 8],
    ['query ($n: Int) { page(first: $n) { nodes { id } } }', 6, { n: 5 }],
    ['query ($n: Int = 4) { page(first: $n) { nodes { id } } }', 5],
    ['query ($n: Int = 4) { page(first: $n) { nodes { id } } }', 101, { n: null }],
    ['{ page(first: 2) { nodes { jobs(first: 5) { id } } } }', 13],
    ['{ page(first: 2) { ...P } } fragment P on Page { ...Q } fragment Q on Page { nodes { id } }', 3],
    [
      '{ a: page(first: 2) { ...P } b: page(first: 3) { ...P } } fragment P on Page { nodes { model { __typename } } }',
      12,
    ],
    [
      'query ($r: [Any!]!) { _entities(representations: $r) { ... on Device { model { __typename } } } }',
      4,
      { r: [{}, {}] },
    ],
    ['{ device { nothing { jobs { id } } } }', 1],
    ['{ device { ...A } } fragment A on Device { model { device { ...A } } }', 3],
    ['{ device { ...Nobody } }', 1],
  ])('%s: %d', (source, objects, variables) => {
    expect(cost(source, variables)).toBe(objects);
  });

  it.each<[string, Record<string, unknown>]>([
    ['a page', { n: 2_000_000_000 }],
    ['a page below nothing', { n: -5 }],
    ['a page that is no number', { n: 'many' }],
    ['a page that is a list', { n: [[[[]]]] }],
  ])('%s that the operation refuses itself is not refused here', (_, variables) => {
    const source = 'query ($n: Int) { page(first: $n) { nodes { id } } }';
    expect(cost(source, variables)).toBeLessThanOrEqual(501);
  });

  it('doubling fragments are told in no time', () => {
    const bomb = Array.from(
      { length: 500 },
      (_, index) => `fragment F${index} on Device { ...F${index + 1} ...F${index + 1} }`,
    );
    const source = `{ device { ...F0 } } ${bomb.join(' ')} fragment F500 on Device { model { __typename } }`;
    expect(cost(source)).toBeGreaterThan(1e100);
  });
});

describe('what a portal may want', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = await buildGatewaySchema();
  });
  const everything = (types: readonly string[], name: string): string => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return '';
    const fields = Object.values(type.getFields()).map((field) => {
      const inner = field.type.toString().replaceAll(/[[\]!]/g, '');
      if (types.includes(inner)) return '';
      const sub = everything([...types, name], inner);
      return sub === '' ? field.name : `${field.name} { ${sub} }`;
    });
    return fields.join(' ');
  };

  it('500 devices as nodes and as edges, and 1,000 by their ids, with everything nested', () => {
    const device = everything([], 'NetworkDevice');
    expect(device).toContain('reservedClients { ');
    const page = `{ networkDeviceConnection(first: 500) { nodes { ${device} } edges { node { ${device} } } totalCount } }`;
    expect(cost(page, {}, schema)).toBeGreaterThan(10_000);
    expect(cost(page, {}, schema)).toBeLessThan(50_000);
    const ids = Array.from({ length: 1_000 }, String);
    const look = `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${device} } }`;
    expect(cost(look, { ids }, schema)).toBeLessThan(50_000);
  });

  it('introspection once or twice, as it is written for clients, but not over and over', () => {
    const query = getIntrospectionQuery();
    expect(cost(query, {}, schema)).toBeGreaterThan(1_000);
    expect(cost(query, {}, schema)).toBeLessThan(25_000);
    const types = '{ fields { args { type { ofType { name } } } type { ofType { name } } } }';
    const often = Array.from({ length: 99 }, (_, index) => `t${index}: types ${types}`).join(' ');
    expect(cost(`{ __schema { ${often} } }`, {}, schema)).toBeGreaterThan(50_000);
  });
});
