import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, type Outcome, runCommand } from '../support/processes.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const VIEWER = '{ viewer { id } }';

describe('npm run check:documents validates a manifest without a database', () => {
  let folder: string;
  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'manifests '));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const check = async (content: string, env: Record<string, string> = {}): Promise<Outcome> => {
    const file = join(folder, 'manifest.json');
    await writeFile(file, content);
    return await runCommand('check-documents', [file], env);
  };
  const apollo = (...operations: readonly object[]): string =>
    JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations });

  it.each([
    ['Apollo', apollo({ id: 'a', name: 'A', type: 'query', body: VIEWER })],
    ['a flat one', JSON.stringify({ [`sha256:${sha256(VIEWER)}`]: VIEWER, 'with "quotes" \\': VIEWER })],
    [
      'one that asks for sizes by variables',
      JSON.stringify({
        a: `query ($n: Int, $i: [ID!]!) { networkDeviceConnection(first: $n) { nodes { id } } networkDevices(ids: $i) { id } }`,
      }),
    ],
    ['an empty one', '{}'],
  ])('exits with 0 for a good manifest of %s', async (_, content) => {
    expect(await check(content)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('exits with 1 and prints a line for each error: the id and what is wrong', async () => {
    const { code, stdout } = await check(
      JSON.stringify({
        good: VIEWER,
        torn: '{ viewer {',
        invalid: '{ viewer { one two } }',
        deep: `${'{ a '.repeat(13)}${'}'.repeat(13)}`,
        large: '{ networkDeviceConnection(first: 500) { nodes { provisioningJobs(first: 500) { id } } } }',
        fragment: 'fragment F on Viewer { id }',
        [`sha256:${sha256('x')}`]: VIEWER,
      }),
    );
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^torn: Syntax Error/),
      expect.stringMatching(/^invalid: Cannot query field "one"/),
      expect.stringMatching(/^invalid: Cannot query field "two"/),
      expect.stringMatching(/^deep: .*12 levels/),
      expect.stringMatching(/^large: .*50000 objects/),
      expect.stringMatching(/^fragment: /),
      `sha256:${sha256('x')}: The id is not the hash of the text.`,
    ]);
  });

  it.each([
    ['Apollo', apollo({ id: 'a', body: VIEWER }, { id: 'a', body: VIEWER })],
    ['a flat one', `{"a": "${VIEWER}", "b": "${VIEWER}", "\\u0061": "${VIEWER}"}`],
  ])('two equal ids are one fault, in a manifest of %s', async (_, content) => {
    const { code, stdout } = await check(content);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'a: Several documents have this id.\n' });
  });

  it('the limits are those of the environment, even one that no gateway starts in', async () => {
    const { code, stdout } = await check(JSON.stringify({ a: VIEWER }), {
      MAX_DEPTH: '1',
      NODE_ENV: 'production',
    });
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^a: .*MAX_DEPTH/)]);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a flat one with something else', '{"a": {"body": "{ viewer { id } }"}}'],
    [
      'another version',
      JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 2, operations: [] }),
    ],
    ['another format', JSON.stringify({ format: 'x', version: 1, operations: [] })],
    ['an operation without a text', apollo({ id: 'a' })],
  ])('exits with 1 for what is no manifest: %s', async (_, content) => {
    const { code, stderr } = await check(content);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/no manifest/)]);
  });

  it('exits with 1 for a file that is not there, and without one', async () => {
    const missing = await runCommand('check-documents', [join(folder, 'missing.json')]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringMatching(/cannot be read/)]);
    const none = await runCommand('check-documents', []);
    expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/^Usage/)]);
  });
});
