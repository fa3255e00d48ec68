import { parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnownDocuments, type OperationRequest } from '../../src/graphql/plans/known-documents.js';
import { buildGatewaySchema } from '../../src/graphql/schema.js';

let documents: KnownDocuments;
beforeAll(async () => {
  schema = await buildGatewaySchema();
});
let schema: Awaited<ReturnType<typeof buildGatewaySchema>>;

function learned(query: string): KnownDocuments {
  documents = new KnownDocuments(schema);
  documents.learn(query, parse(query));
  return documents;
}

function request(query: string, more: Partial<OperationRequest> = {}): OperationRequest {
  return { query, operationName: undefined, variables: {}, ...more };
}

const isReady = (query: string, more?: Partial<OperationRequest>): boolean =>
  learned(query).find(request(query, more)) !== undefined;

describe('known documents', () => {
  it('find the operation of a document that was learned, by its very text', () => {
    const query = '{ viewer { id } }';
    expect(isReady(query)).toBe(true);
    expect(documents.find(request(`${query} `))).toBeUndefined();
  });

  it('find one of several operations by its name, and none without', () => {
    const query = 'query A { viewer { id } } query B { __typename }';
    expect(isReady(query, { operationName: 'B' })).toBe(true);
    expect(isReady(query)).toBe(false);
    expect(isReady(query, { operationName: 'C' })).toBe(false);
  });

  it('leave to others what has no plan: introspection, subscriptions, and a key that JavaScript keeps for itself', () => {
    expect(isReady('{ __schema { types { name } } }')).toBe(false);
    expect(isReady('{ viewer { id } __type(name: "Query") { name } }')).toBe(false);
    expect(isReady('subscription { networkDeviceChanged { id } }')).toBe(false);
    expect(isReady('{ __proto__: viewer { id } }')).toBe(false);
  });

  it('leave to others variables that do not fit', () => {
    const query = 'query ($id: ID!) { networkDevice(id: $id) { id } }';
    expect(isReady(query, { variables: { id: 'a' } })).toBe(true);
    expect(isReady(query)).toBe(false);
    expect(isReady(query, { variables: { id: { a: 1 } } })).toBe(false);
  });

  it('judge the cost of each request anew where the variables say how long a list is', () => {
    const query =
      'query ($n: Int) { networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: $n) { id } } } }';
    expect(isReady(query, { variables: { n: 10 } })).toBe(true);
    expect(isReady(query, { variables: { n: 500 } })).toBe(false);
  });

  it('plan each set of conditions once, and no more than sixteen', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const fields = names.map((name) => `${name}: id @include(if: $${name})`).join(' ');
    const query = `query (${names.map((name) => `$${name}: Boolean!`).join(', ')}) { viewer { ${fields} } }`;
    learned(query);
    const found = Array.from({ length: 32 }, (_, bits) => {
      const variables = Object.fromEntries(names.map((name, index) => [name, ((bits >> index) & 1) === 1]));
      return documents.find(request(query, { variables }))?.plan;
    });
    expect(found.filter((plan) => plan !== undefined)).toHaveLength(16);
    expect(new Set(found.slice(0, 16)).size).toBe(16);
    expect(
      documents.find(request(query, { variables: Object.fromEntries(names.map((n) => [n, false])) }))?.plan,
    ).toBe(found[0]);
  });

  it('are bounded: those that nobody asked for longest are forgotten, and long ones are not kept', () => {
    documents = new KnownDocuments(schema);
    const document = parse('{ viewer { id } }');
    const text = (name: string): string => name.padEnd(10_000, '#');
    documents.learn(text('first'), document);
    documents.learn(text('second'), document);
    documents.find(request(text('first')));
    for (let count = 0; count < 49; count += 1) documents.learn(text(`document ${count}`), document);
    documents.learn('#'.repeat(20_001), document);
    expect(documents.size).toBe(50);
    expect(documents.find(request(text('first')))).toBeDefined();
    expect(documents.find(request(text('second')))).toBeUndefined();
    expect(documents.find(request('#'.repeat(20_001)))).toBeUndefined();
  });
});
