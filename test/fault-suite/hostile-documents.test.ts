import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ServerProcess } from '../support/processes.js';
import { send } from './support/client.js';
import { median, row } from './support/figures.js';
import { cpuMs } from './support/process-cpu.js';
import { type Rig, startRig } from './support/rig.js';

const ROUNDS = 9;

/** An answer that holds errors. */
const refusal = z.object({
  data: z.record(z.string(), z.unknown()).optional(),
  errors: z.tuple([z.object({ extensions: z.object({ code: z.string() }) })], z.unknown()),
});

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const cycle = (length: number): string =>
  `{ viewer { ...F0 } } ${many(length, (i) => `fragment F${i} on Viewer { id ...F${(i + 1) % length} }`)}`;

/** Documents that cost more to understand than to write; a number makes each one new, so that nothing is remembered. */
const HOSTILE: readonly (readonly [name: string, document: (round: number) => string])[] = [
  ['1,000 levels', (n) => `{ a${n}: viewer ${'{ viewer '.repeat(999)}${'}'.repeat(1_000)}`],
  ['10,000 aliases', (n) => `{ viewer { ${many(10_000, (i) => `a${i}_${n}: id`)} } }`],
  ['1 MB of one field', (n) => `{ viewer { a${n}: id ${'id '.repeat(350_000)} } }`],
  ['1 MB in one string', (n) => `{ networkDevice(id: "${n}${'x'.repeat(1_000_000)}") { id } }`],
  ['1 MB in one comment', (n) => `{ nope${n} } #${'x'.repeat(1_000_000)}`],
  ['100,000 directives', (n) => `{ a${n}: __typename ${'@skip(if: false) '.repeat(100_000)} }`],
  ['a fragment in itself', (n) => `{ viewer { a${n}: id ...F } } fragment F on Viewer { id ...F }`],
  ['a cycle of 50 fragments', (n) => cycle(50).replace('id', `a${n}: id`)],
  ['a cycle of 1,000 fragments', (n) => cycle(1_000).replace('id', `a${n}: id`)],
  [
    'fragments that double 45 times',
    (n) =>
      `{ viewer { a${n}: id ...F0 } } ${many(45, (i) => `fragment F${i} on Viewer { b: id ...F${i + 1} ...F${i + 1} }`)} fragment F45 on Viewer { id }`,
  ],
];

describe.each([
  ['the limit of bodies as it is', {}, 50],
  // What is let in has to be read: megabytes of memory that nothing else has touched yet.
  ['bodies of 4 MB let in', { MAX_BODY_BYTES: '4000000' }, 100],
] as const)('documents that are made to cost, %s', (setting, env, maxCpuMs) => {
  let rig: Rig;
  let gateway: ServerProcess;
  let headers: Readonly<Record<string, string>>;
  beforeAll(async () => {
    rig = await startRig(1);
    gateway = await rig.startGateway(env);
    headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${await rig.token('MANAGER')}`,
    };
    for (let warm = 0; warm < 20; warm += 1) await refusedAt('{ viewer { nope } }');
  });
  afterAll(async () => {
    await rig.close();
  });

  /** @returns the CPU that the server spent on a body, in milliseconds */
  async function spentOn(body: string): Promise<number> {
    const { pid } = gateway.child;
    if (pid === undefined) throw new Error('The gateway has no process.');
    const before = await cpuMs(pid);
    const { text, contentType } = await send(gateway.url, 'POST', body, headers);
    const spent = (await cpuMs(pid)) - before;
    expect(contentType).toContain('json');
    const { data, errors } = refusal.parse(JSON.parse(text));
    expect(new Set(Object.values(data ?? { none: null }))).toEqual(new Set([null]));
    expect(errors[0].extensions.code).not.toBe('INTERNAL_ERROR');
    return spent;
  }
  const refusedAt = async (query: string): Promise<number> => await spentOn(JSON.stringify({ query }));

  it.each(HOSTILE)('%s: refused, for little', async (name, document) => {
    const spent: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) spent.push(await refusedAt(document(round)));
    row(`hostile document, ${setting}: ${name}`, { 'CPU ms': median(spent), 'worst ms': Math.max(...spent) });
    expect(median(spent)).toBeLessThanOrEqual(maxCpuMs);
  });

  it('a batch of 1,000 requests: refused, for little', async () => {
    const spent: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const one = { query: `{ a${round}: viewer { id } }` };
      spent.push(await spentOn(JSON.stringify(Array.from({ length: 1_000 }, () => one))));
    }
    row(`hostile document, ${setting}: a batch`, { 'CPU ms': median(spent), 'worst ms': Math.max(...spent) });
    expect(median(spent)).toBeLessThanOrEqual(maxCpuMs);
  });
});
