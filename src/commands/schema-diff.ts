import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { StartupError } from '../errors/startup-error.js';
import { schemaChanges } from '../graphql/schema-diff.js';
import { runCommand } from './run-command.js';

const ROOT = new URL('../../', import.meta.url);
const SCHEMA_FILE = 'schema.graphql';

/** Tells what changed in schema.graphql since the last git tag; fails when a change is breaking. */
await runCommand(async () => {
  const tag = await lastTag();
  if (tag === undefined) {
    say('There is no git tag yet to compare with.');
    return;
  }
  const before = await schemaAt(tag);
  if (before === undefined) {
    say(`There is no ${SCHEMA_FILE} at ${tag} to compare with.`);
    return;
  }
  const changes = await schemaChanges(before, await readFile(new URL(SCHEMA_FILE, ROOT), 'utf8'));
  if (changes.length === 0) say(`Nothing changed since ${tag}.`);
  for (const { isBreaking, message } of changes) say(`${isBreaking ? 'BREAKING' : 'ok      '}  ${message}`);
  const count = changes.filter(({ isBreaking }) => isBreaking).length;
  if (count > 0) throw new StartupError(`Breaking changes of ${SCHEMA_FILE} since ${tag}: ${count}.`);
});

/** The tag nearest to what is checked out. */
async function lastTag(): Promise<string | undefined> {
  // Listing tells "no tag" from a failure of git, which describing one does not.
  if ((await git('tag', '--merged', 'HEAD')) === '') return undefined;
  return (await git('describe', '--tags', '--abbrev=0')).trim();
}

async function schemaAt(tag: string): Promise<string | undefined> {
  if ((await git('ls-tree', '--name-only', tag, SCHEMA_FILE)) === '') return undefined;
  return await git('show', `${tag}:./${SCHEMA_FILE}`);
}

async function git(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('git', args, { cwd: fileURLToPath(ROOT) })).stdout;
  } catch (error) {
    const reason = error instanceof Error ? error.message.trim() : String(error);
    throw new StartupError(`The last tag cannot be read. ${reason}`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
