import { Session } from 'node:inspector/promises';
import { parse } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { OperationCosts } from '../../src/graphql/cost/operation-costs.js';
import { documentBytes } from '../../src/graphql/documents/weight.js';
import { PlanCache, type OperationRequest } from '../../src/graphql/execution/plan-cache.js';
import { buildGatewaySchema } from '../../src/graphql/schema/schema.js';

let documents: PlanCache;
beforeAll(async () => {
  schema = await buildGatewaySchema();
});
let schema: Awaited<ReturnType<typeof buildGatewaySchema>>;

function learned(query: string): PlanCache {
  documents = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
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

  it('check the cost of each request anew where the variables say how long a list is', () => {
    const query =
      'query ($n: Int) { networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: $n) { id } } } }';
    expect(isReady(query, { variables: { n: 10 } })).toBe(true);
    expect(isReady(query, { variables: { n: 500 } })).toBe(false);
    const isFound = (n: number): boolean =>
      documents.find(request(query, { variables: { n } })) !== undefined;
    expect([10, 500, 10].map(isFound)).toEqual([true, false, true]);
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

  it('check the cost of each operation, whichever was asked for first', () => {
    const large = 'networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: 500) { id } } }';
    const query = `query Small { __typename } query Large { ${large} }`;
    expect(isReady(query, { operationName: 'Small' })).toBe(true);
    expect(documents.find(request(query, { operationName: 'Large' }))).toBeUndefined();
    expect(documents.find(request(query, { operationName: 'Large' }))).toBeUndefined();
    expect(documents.find(request(query, { operationName: 'Small' }))).toBeDefined();
  });

  it('leave to others null where it may not stand, and take it elsewhere', () => {
    const query =
      'query ($id: ID = "a", $after: String) { networkDevice(id: $id) { id } networkDeviceConnection(after: $after) { totalCount } }';
    expect(isReady(query, { variables: { after: null } })).toBe(true);
    expect(isReady(query, { variables: { id: null } })).toBe(false);
  });

  it('are bounded: those that nobody asked for longest are forgotten, and long ones are not kept', () => {
    documents = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
    const learn = (text: string): void => documents.learn(text, parse(text));
    // About a megabyte each once it is parsed.
    const text = (name: string): string =>
      `query ${name} { networkDevices(ids: [${'1 '.repeat(3_000)}]) { id } }`;
    learn(text('first'));
    learn(text('second'));
    for (let count = 0; count < 18; count += 1) {
      documents.find(request(text('first')));
      learn(text(`document${count}`));
    }
    const long = `{ viewer { id } } #${'#'.repeat(20_000)}`;
    learn(long);
    expect(documents.size).toBeGreaterThan(10);
    expect(documents.bytes).toBeLessThanOrEqual(16_000_000);
    expect(documents.find(request(text('first')))).toBeDefined();
    expect(documents.find(request(text('second'))) === undefined).toBe(true);
    expect(documents.find(request(long))).toBeUndefined();
  });
});

describe('trusted documents', () => {
  const kept = (query: string): PlanCache => {
    const cache = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
    cache.keep(query, parse(query));
    return cache;
  };
  const planOf = (cache: PlanCache, query: string, more: Partial<OperationRequest> = {}): unknown =>
    cache.find(request(query, more))?.plan;

  it('are planned before they are asked for, for each operation and each set of conditions', () => {
    const query =
      'query A($x: Boolean!) { viewer { id @include(if: $x) } } mutation B { deleteDeviceModel(id: "a") { id } } subscription C { networkDeviceChanged { id } }';
    const cache = kept(query);
    const before = cache.keptBytes;
    const plans = [true, false].map((x) => planOf(cache, query, { operationName: 'A', variables: { x } }));
    expect([...plans, planOf(cache, query, { operationName: 'B' })].every((plan) => plan !== undefined)).toBe(
      true,
    );
    // What is planned when it is asked for would have grown it.
    expect(cache.keptBytes).toBe(before);
    expect(before).toBeGreaterThan(documentBytes(parse(query)));
  });

  it('stay, however many others come, and however long they are', () => {
    const query = `{ viewer { id } } #${'#'.repeat(20_000)}`;
    const cache = kept(query);
    for (let count = 0; count < 18; count += 1) {
      const text = `query Q${count} { networkDevices(ids: [${'1 '.repeat(3_000)}]) { id } }`;
      cache.learn(text, parse(text));
    }
    expect(planOf(cache, query)).toBeDefined();
  });

  it('beyond 64 MB are as others', () => {
    const cache = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
    const text = (count: number): string =>
      `query Q${count} { networkDevices(ids: [${'1 '.repeat(5_000)}]) { id } }`;
    for (let count = 0; count < 60; count += 1) cache.keep(text(count), parse(text(count)));
    expect(cache.keptBytes).toBeLessThanOrEqual(64_000_000);
    expect(planOf(cache, text(0))).toBeDefined();
    expect(planOf(cache, text(59))).toBeUndefined();
  });
});

describe('what is kept of plans is bounded', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const DEVICE = `{ id version name model { id name type brand capabilities { wifi wifi2G wifi5G } } customer { id name }
    wifi { enabled ssid enabled5G ssid5G } dhcp { enable ipPoolStart reservedClients { mac ip enable } } ${NAMES.map((name) => `${name}: state @include(if: $${name})`).join(' ')} }`;
  const large = (name: string): string =>
    `query ${name}(${NAMES.map((variable) => `$${variable}: Boolean!`).join(', ')}) {
      ${Array.from({ length: 46 }, (_, index) => `a${index}: networkDevice(id: "x") { ...D }`).join(' ')} } fragment D on NetworkDevice ${DEVICE}`;
  const ask = (query: string, bits: number): boolean => {
    const variables = Object.fromEntries(
      NAMES.map((name, index) => [name, ((bits >> index) & 1) === 1] as const),
    );
    return documents.find(request(query, { variables })) !== undefined;
  };

  it('by their size: of a large document not each set of conditions is kept', () => {
    const query = large('Large');
    learned(query);
    const planned = Array.from({ length: 16 }, (_, bits) => ask(query, bits)).filter(Boolean);
    expect(planned.length).toBeGreaterThan(0);
    expect(planned.length).toBeLessThan(4);
    expect(documents.bytes).toBeLessThanOrEqual(2_000_000);
    expect(ask(query, 0)).toBe(true);
  });

  it('in memory, whatever strangers send', async () => {
    const heapUsed = async (): Promise<number> => {
      await session.post('HeapProfiler.collectGarbage');
      return process.memoryUsage().heapUsed;
    };
    const session = new Session();
    session.connect();
    documents = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
    const before = await heapUsed();
    for (let count = 0; count < 40; count += 1) {
      const query = large(`Q${count}`);
      documents.learn(query, parse(query));
      for (let bits = 0; bits < 16; bits += 1) ask(query, bits);
    }
    expect((await heapUsed()) - before).toBeLessThan(24_000_000);
    expect(documents.size).toBeGreaterThan(4);
    session.disconnect();
  });
});
