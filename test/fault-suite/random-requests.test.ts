import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { buildSchema, type GraphQLSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRaw } from '../http/raw-request.js';
import type { ServerProcess } from '../support/processes.js';
import { ask, send } from './support/client.js';
import { row, tally } from './support/figures.js';
import { HEAP_ARGS, type HeapView, viewHeap } from './support/heap.js';
import { randomRequest } from '../support/random-document.js';
import { type Rig, startRig } from './support/rig.js';
import { size } from '../support/sizes.js';

const REQUESTS = size(10_000, 500);
const AT_ONCE = 8;

/** How much the heap may grow in the second half: a leak of 2 kB a request shows in the whole suite. */
const GROWTH_MB = 8;

/** Parsed documents are remembered up to a limit, which the short form does not reach in its first half. */
const GROWTH_WITH_DOCUMENTS_MB = size(8, 30);

let rig: Rig;
let gateway: ServerProcess;
let heap: HeapView;
let token: string;
let schema: GraphQLSchema;
beforeAll(async () => {
  rig = await startRig(4);
  gateway = await rig.startGateway({}, HEAP_ARGS);
  heap = await viewHeap(gateway);
  token = await rig.token('ADMIN');
  schema = buildSchema(await readFile('schema.graphql', 'utf8'), { assumeValidSDL: true });
});
afterAll(async () => {
  heap.close();
  await rig.close();
});

/** Works through all, some at once, and looks at the heap half way and at the end. @returns megabytes of the two */
async function inHalves<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
): Promise<readonly [number, number]> {
  const half = Math.ceil(all.length / 2);
  const used: number[] = [];
  for (const part of [all.slice(0, half), all.slice(half)]) {
    const left = part[Symbol.iterator]();
    // One iterator for all of them: each takes the next when it is done.
    const worker = async (): Promise<void> => {
      for (const one of left) await work(one);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    used.push(await heap.usedMb());
  }
  return [used[0] ?? NaN, used[1] ?? NaN];
}

/** A body that is no request, in one way or another. */
const malformedBody: fc.Arbitrary<Buffer> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 300 }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record(
      {
        query: fc.anything(),
        variables: fc.anything(),
        operationName: fc.anything(),
        extensions: fc.anything(),
      },
      { requiredKeys: [] },
    )
    .map((value) =>
      Buffer.from(
        JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)),
      ),
    ),
  fc
    .string({ unit: fc.constantFrom(...Array.from('{}()[]$@!:|&="\\ abq#.…,0-')), maxLength: 80 })
    .map((query) => Buffer.from(JSON.stringify({ query }))),
  fc
    .nat({ max: 60 })
    .map((length) => Buffer.from('{"query":"{ viewer { id } }","variables":{"a":"b"}}'.slice(0, length))),
);

const TYPES = [
  // Mostly the right one, so that the body is looked at.
  'application/json',
  'application/json',
  'application/json',
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'application/graphql',
  'nonsense',
  '',
];

const HEAD = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** Bytes that are no HTTP: one in 25, because the end of an answer to them shows by silence only. */
const malformedBytes = fc
  .tuple(fc.nat({ max: HEAD.length }), fc.string({ unit: 'binary', maxLength: 40 }))
  .map(([place, noise]) => `${HEAD.slice(0, place)}${noise}${HEAD.slice(place)}\r\n{}`);

function expectSound(status: number, contentType: string, text: string): void {
  expect(contentType).toMatch(/^application\/(?:graphql-response\+)?json/);
  expect(() => void JSON.parse(text)).not.toThrow();
  expect(text).not.toContain('INTERNAL_ERROR');
  expect(status).toBeLessThan(500);
}

describe('requests that nobody would think of', () => {
  it(`${REQUESTS} malformed ones: every answer is JSON, none is INTERNAL_ERROR, and memory stays`, async () => {
    const statuses: string[] = [];
    const all = fc.sample(
      fc.tuple(malformedBody, fc.constantFrom(...TYPES), malformedBytes, fc.nat({ max: 24 })),
      REQUESTS,
    );
    const [before, after] = await inHalves(all, async ([body, type, bytes, kind]) => {
      if (kind === 0) {
        const answer = await sendRaw(gateway.url, bytes);
        if (answer === undefined) return;
        statuses.push(String(answer.status));
        expectSound(answer.status, answer.headers.get('content-type') ?? '', answer.body);
        return;
      }
      const headers = { authorization: `Bearer ${token}`, ...(type !== '' && { 'content-type': type }) };
      const { status, contentType, text } = await send(gateway.url, 'POST', body, headers);
      statuses.push(String(status));
      expectSound(status, contentType, text);
    });
    row('malformed requests', { answers: tally(statuses), 'heap MB half way': before, 'at the end': after });
    expect(statuses.length).toBeGreaterThan(REQUESTS * 0.9);
    expect(after - before).toBeLessThan(GROWTH_MB);
  }, 900_000);

  it(`${REQUESTS} valid ones: none is INTERNAL_ERROR, and memory stays`, async () => {
    const ids = [...rig.devices.map(({ id }) => id), rig.customer];
    const all = fc.sample(randomRequest(schema, ids), REQUESTS);
    const outcomes: string[] = [];
    let requests = 0;
    const [before, after] = await inHalves(all, async ({ query, variables }) => {
      expect(validate(schema, parse(query)), query).toEqual([]);
      requests += 1;
      const reply = await ask({ url: gateway.url, token, requestId: `random-${requests}`, query, variables });
      outcomes.push(reply.outcome);
      expect(reply.contentType).toMatch(/^application\/json/);
      expect(reply.text, query).not.toContain('INTERNAL_ERROR');
      expect(
        ['lost', 'GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_PARSE_FAILED'],
        `${reply.text} ${query}`,
      ).not.toContain(reply.outcome.split(':')[0]);
    });
    row('valid random requests', {
      outcomes: tally(outcomes),
      'heap MB half way': before,
      'at the end': after,
    });
    expect(outcomes.filter((outcome) => outcome === 'done').length).toBeGreaterThan(REQUESTS / 10);
    expect(after - before).toBeLessThan(GROWTH_WITH_DOCUMENTS_MB);
  }, 900_000);
});
