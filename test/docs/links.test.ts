import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

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
