// Writes the examples of the guides (docs/clients/) into files, and generates what clients generate of them. The test of the
// clients runs these files, so that no example stands there that does not work.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const guides = join(root, 'docs/clients');
const clients = join(root, 'test/clients');
const examples = join(clients, 'examples');

/** The blocks of a guide, each with the name that its fence gives it. @param {string} text */
function blocksOf(text) {
  return Array.from(text.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms), ([, name = '', content = '']) => ({
    name,
    content,
  }));
}

/** @param {string} command @param {string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] });
  if (error === undefined && status === 0) return;
  process.stderr.write(`The examples in ${cwd} do not work: ${args.join(' ')} ${error?.message ?? ''}\n`);
  process.exit(1);
}

rmSync(examples, { recursive: true, force: true });
for (const file of readdirSync(guides).filter((name) => name.endsWith('.md'))) {
  const folder = join(examples, file.replace('.md', ''));
  for (const { name, content } of blocksOf(readFileSync(join(guides, file), 'utf8'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

const trusted = join(examples, 'trusted-documents');
mkdirSync(trusted, { recursive: true });
for (const name of ['codegen.mjs', 'operations.graphql']) {
  copyFileSync(join(root, 'examples/trusted-documents', name), join(trusted, name));
}

const modules = join(clients, 'node_modules');
for (const folder of ['relay', 'codegen', 'trusted-documents']) {
  copyFileSync(join(root, 'schema.graphql'), join(examples, folder, 'schema.graphql'));
}
run(process.execPath, [join(modules, 'relay-compiler/cli.js'), 'relay.config.json'], join(examples, 'relay'));
const codegen = join(modules, '@graphql-codegen/cli/cjs/bin.js');
run(process.execPath, [codegen, '--config', 'codegen.ts', '--silent'], join(examples, 'codegen'));
run(process.execPath, [codegen, '--config', 'codegen.mjs', '--silent'], trusted);
