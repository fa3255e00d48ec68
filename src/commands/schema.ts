import { readFile, writeFile } from 'node:fs/promises';
import { StartupError } from '../errors/startup-error.js';
import { buildGatewaySchema, printGatewaySchema } from '../graphql/schema/schema.js';
import { runCommand } from './run-command.js';

const SCHEMA_FILE = new URL('../../schema.graphql', import.meta.url);

/** Writes schema.graphql from the classes; with --check only says whether it is stale. */
await runCommand(async () => {
  const text = printGatewaySchema(await buildGatewaySchema());
  if (!process.argv.includes('--check')) {
    await writeFile(SCHEMA_FILE, text);
    return;
  }
  const committed = await readFile(SCHEMA_FILE, 'utf8').catch(() => '');
  if (committed !== text) {
    throw new StartupError('schema.graphql is stale. Run "npm run schema" and review what changed.');
  }
});
