import { readdir, readFile } from 'node:fs/promises';
import { format } from 'oxfmt';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

const CLIENTS = new URL('../clients/', import.meta.url);
const GUIDES = new URL('../../docs/clients/', import.meta.url);
const README = new URL('README.md', GUIDES);

const manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** A client and what it was tested to do: the titles of its tests. */
interface Row {
  readonly client: string;
  readonly packages: readonly string[];
  readonly does: readonly string[];
}

/** Packages that more than one client needs, or none of them is. */
const HELPERS: ReadonlySet<string> = new Set(['graphql', 'esbuild', '@graphql-tools/schema']);

/** What each client is, where the examples that its test imports do not say it all. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'Apollo Client': ['@apollo/client'],
  'Apollo Client in Chromium': ['@apollo/client'],
  urql: ['@urql/core', '@urql/exchange-graphcache'],
  Relay: ['relay-compiler', 'relay-runtime'],
  'graphql-ws': ['graphql-ws'],
  'graphql-sse': ['graphql-sse'],
  'GraphQL Code Generator, client preset': ['@graphql-codegen/cli', '@graphql-codegen/client-preset'],
  'graphql-request': ['graphql-request'],
  'Apollo Gateway': ['@apollo/gateway'],
  'Hive Gateway': ['@graphql-hive/gateway-runtime'],
  'GraphQL Tools, stitching': ['@graphql-tools/stitch', '@graphql-tools/stitching-directives'],
};

describe('docs/clients shows what the clients are tested with', () => {
  let tests: readonly { readonly name: string; readonly text: string }[];
  let compositionTests: typeof tests;
  let versions: Readonly<Record<string, string>>;
  beforeAll(async () => {
    tests = await filesIn(CLIENTS);
    compositionTests = await filesIn(new URL('composition/', CLIENTS));
    const json: unknown = JSON.parse(await readFile(new URL('package.json', CLIENTS), 'utf8'));
    versions = manifest.parse(json).dependencies;
  });

  it('its table holds each client, its version and what its tests are', async () => {
    const rows = tests.flatMap(({ name, text }) => rowsOf(name, text));
    expect(rows.map(({ client }) => client).sort()).toEqual(Object.keys(PACKAGES).sort());
    const lines = rows.map(({ client, packages, does }) => {
      const named = packages.map((name) => `${name} ${versions[name] ?? '(not installed)'}`).join(', ');
      return `| ${client} | ${named} | ${does.join('; ')} |`;
    });
    const table = ['| client | packages | what it did |', '|---|---|---|', ...lines].join('\n');
    const readme = await readFile(README, 'utf8');
    const written = readme.replace(
      /<!-- table -->.*<!-- \/table -->/s,
      `<!-- table -->\n\n${table}\n\n<!-- /table -->`,
    );
    const { code } = await format('README.md', written, { printWidth: 110, singleQuote: true });
    await expect(code).toMatchFileSnapshot(README.pathname);
  });

  it('each example has a name, and is run by a test or by an example that is run', async () => {
    const guides = (await readdir(GUIDES)).filter((name) => name.endsWith('.md'));
    expect(guides).toHaveLength(8);
    const script = await readFile(new URL('../../scripts/client-examples.mjs', import.meta.url), 'utf8');
    for (const guide of guides) {
      const text = await readFile(new URL(guide, GUIDES), 'utf8');
      const fences = Array.from(text.matchAll(/^```(\S+) ?(\S*)\n/gm));
      expect(fences.filter(([, , name]) => name === '')).toEqual([]);
      for (const [, , name = ''] of fences) {
        const module = name.replace(/\.ts$/, '.js');
        const place = `./examples/${guide.replace('.md', '')}/${module}`;
        const isRun =
          tests.some((test) => test.text.includes(`'${place}'`)) ||
          text.includes(`'./${module}'`) ||
          // What compilers of clients read.
          script.includes(`'${name}'`) ||
          (guide === 'relay.md' && name === 'device-list.ts');
        expect(isRun ? '' : place).toBe('');
      }
    }
  });

  it('every package is a client, helps one or shows that the schema can be composed', () => {
    const texts = [...tests, ...compositionTests].map(({ text }) => text).join('\n');
    const named = new Set(Object.values(PACKAGES).flat());
    const others = Object.keys(versions).filter((name) => !named.has(name) && !HELPERS.has(name));
    expect(others.filter((name) => !texts.includes(`'${name}`))).toEqual([
      '@graphql-mesh/transport-http',
      '@graphql-tools/executor-http',
      'rxjs',
    ]);
  });
});

/** The test files of a folder, and what they share. */
async function filesIn(folder: URL): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  return await Promise.all(
    names.map(async (name) => ({ name, text: await readFile(new URL(name, folder), 'utf8') })),
  );
}

/** The suites of a test file, each of which is a client. */
function rowsOf(name: string, text: string): readonly Row[] {
  const rows: { client: string; packages: readonly string[]; does: string[] }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText();
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) {
        if (callee.startsWith('describe')) {
          rows.push({ client: title.text, packages: PACKAGES[title.text] ?? [], does: [] });
        }
        if (callee === 'it') rows.at(-1)?.does.push(title.text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true));
  return rows;
}
