import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

/** Documents of the project, without those of packages. */
const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

it('every link of a document to a file of the project leads there', () => {
  const links = documents.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      ([, target]) => ({
        file,
        target: target ?? '',
      }),
    ),
  );
  expect(links.length).toBeGreaterThan(50);
  expect(links.filter(({ file, target }) => !existsSync(join(dirname(file), target)))).toEqual([]);
});

/** What documents tell to run or to look at, and where it is. */
const NAMED: readonly (readonly [string, RegExp, (name: string) => string | undefined])[] = [
  ['scripts of npm', /\bnpm run ([a-z][\w:-]*)/g, (name) => scripts[name]],
  ['commands', /\bdist\/(commands\/[\w-]+)\.js/g, (name) => found(`src/${name}.ts`)],
  ['tests', /`(test\/[\w/-]+\.test\.ts)`/g, found],
  ['configurations', /\b(docs\/operations\/[\w-]+\.[a-z.]+[a-z])/g, found],
];
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

function found(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}

it.each(NAMED)('%s that a document names exist', (_, pattern, find) => {
  const names = documents.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(pattern)]);
  expect(names.length).toBeGreaterThan(0);
  expect(names.map(([, name = '']) => name).filter((name) => find(name) === undefined)).toEqual([]);
});
