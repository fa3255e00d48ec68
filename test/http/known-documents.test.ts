import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { buildSchema, GraphQLSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { randomRequest } from '../support/random-document.js';

// The first request for a document goes through Apollo Server and graphql-js, the second one through a plan.

let gateway: TestGateway;
let device: TestDevice;
let schema: GraphQLSchema;
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '0' });
  device = await createDevice(gateway);
  const text = await readFile('schema.graphql', 'utf8');
  const whole = buildSchema(text, { assumeValidSDL: true });
  schema = new GraphQLSchema({ ...whole.toConfig(), mutation: null, subscription: null });
});
afterAll(async () => {
  await gateway.stop();
});

/** The same request twice. */
async function twice(
  query: string,
  variables: Record<string, unknown>,
  token: string,
): Promise<readonly [string, string]> {
  const ask = async (): Promise<string> => {
    const { status, headers, text } = await gateway.query(query, {
      variables,
      token,
      // Uncompressed: errors in another order compress to another length.
      headers: { 'x-request-id': 'same', accept: 'application/json', 'accept-encoding': 'identity' },
    });
    const named = [...headers].filter(([name]) => !['date', 'connection', 'keep-alive'].includes(name));
    return JSON.stringify([status, named, inOrder(text)]);
  };
  return [await ask(), await ask()];
}

/** Root fields wait for the database side by side, so their errors come in any order; nothing else may differ. */
function inOrder(text: string): string {
  const [, errors] = /^\{"errors":(\[.*\]),"data":/.exec(text) ?? [];
  if (errors === undefined) return text;
  const sorted = z
    .array(z.unknown())
    .parse(JSON.parse(errors))
    .map((error) => JSON.stringify(error))
    .sort();
  return text.replace(errors, () => `[${sorted.join(',')}]`);
}

describe('a document that is known', () => {
  it('gets the same answer as when it was new, header for header and byte for byte', async () => {
    const ids = [device.id, device.customer];
    const tokens = await Promise.all([
      gateway.token('ADMIN', device.customer),
      gateway.token('MANAGER', device.customer),
      gateway.token('VIEWER', device.customer),
      gateway.token('NO_LOGIN', device.customer),
    ]);
    let [withData, withErrors] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        randomRequest(schema, ids),
        fc.constantFrom(...tokens, 'no token'),
        async ({ query, variables }, token) => {
          expect(validate(schema, parse(query)), query).toEqual([]);
          const [first, second] = await twice(query, variables, token);
          expect(second, query).toBe(first);
          if (first.includes('"data\\":{')) withData += 1;
          if (first.includes('"errors\\":')) withErrors += 1;
        },
      ),
      { numRuns: 200, endOnFailure: true },
    );
    expect(withData).toBeGreaterThan(60);
    expect(withErrors).toBeGreaterThan(30);
  });

  it('gets its passwords, their refusal and the log of their reading as before', async () => {
    const query = 'query Passwords($id: ID!) { networkDevice(id: $id) { id wifi { password password5G } } }';
    const variables = { id: device.id };
    for (const level of ['MANAGER', 'VIEWER'] as const) {
      const [first, second] = await twice(query, variables, await gateway.token(level, device.customer));
      expect(second).toBe(first);
      expect(second.includes('ACCESS_DENIED')).toBe(level === 'VIEWER');
    }
    const reads = gateway.logLines.filter(
      (line) =>
        line.includes('wifi_password_read') &&
        line.includes('"requestId":"same"') &&
        line.includes(device.id),
    );
    expect(reads.length).toBeGreaterThanOrEqual(2);
  });

  it('is counted like any other', async () => {
    const token = await gateway.token('MANAGER', device.customer);
    const metric = 'graphql_operations_total{type="query",outcome="OK"}';
    const operations = async (): Promise<number> => (await metricsOf(gateway)).get(metric) ?? 0;
    const before = await operations();
    await twice('query Counted { viewer { id } }', {}, token);
    expect((await operations()) - before).toBe(2);
  });

  it('is not known for its other operations: each is checked by its own cost', async () => {
    const token = await gateway.token('MANAGER', device.customer);
    const large = 'networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: 500) { id } } }';
    const query = `query Small { __typename } query Large { ${large} }`;
    const codeOf = async (operationName: string): Promise<unknown> => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query, operationName }),
      });
      const { errors = [] } = z
        .object({ errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional() })
        .parse(await response.json());
      return errors[0]?.extensions.code;
    };
    expect(await codeOf('Large')).toBe('OPERATION_TOO_LARGE');
    for (let time = 0; time < 3; time += 1) expect(await codeOf('Small')).toBeUndefined();
    for (let time = 0; time < 2; time += 1) expect(await codeOf('Large')).toBe('OPERATION_TOO_LARGE');
  });
});
