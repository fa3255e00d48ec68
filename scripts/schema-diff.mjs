// Tells what changed in schema.graphql since the newest release of docs/releases.json; fails when a change is breaking.
//   node scripts/schema-diff.mjs                compares with the release
//   node scripts/schema-diff.mjs BEFORE AFTER   compares two files
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const root = fileURLToPath(new URL('..', import.meta.url));
const SCHEMA_FILE = 'schema.graphql';

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** The schema of the newest release. */
function released() {
  const { releases } = JSON.parse(readFileSync(join(root, 'docs', 'releases.json'), 'utf8'));
  const { name, commit } = releases.at(-1);
  const { status, stdout } = spawnSync('git', ['show', `${commit}:./${SCHEMA_FILE}`], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status === 0) return { name, text: stdout };
  process.stderr.write(`The git history does not hold release ${name} (${commit}).\n`);
  process.exit(1);
}

const [beforeFile, afterFile = join(root, SCHEMA_FILE)] = process.argv.slice(2);
const before =
  beforeFile === undefined ? released() : { name: beforeFile, text: readFileSync(beforeFile, 'utf8') };
const found = await diff(buildSchema(before.text), buildSchema(readFileSync(afterFile, 'utf8')));
const changes = found
  .map(({ criticality, message }) => ({
    isBreaking: criticality.level === CriticalityLevel.Breaking,
    message,
  }))
  .sort((one, other) => Number(other.isBreaking) - Number(one.isBreaking));
if (changes.length === 0) say(`Nothing changed since ${before.name}.`);
for (const { isBreaking, message } of changes) say(`${isBreaking ? 'BREAKING' : 'ok      '}  ${message}`);
const count = changes.filter(({ isBreaking }) => isBreaking).length;
if (count > 0) {
  process.stderr.write(`Breaking changes of ${SCHEMA_FILE} since ${before.name}: ${count}.\n`);
  process.exitCode = 1;
}
