import { loadDocumentSettings } from '../config/settings.js';
import { readDocumentManifest } from '../config/document-settings.js';
import { StartupError } from '../errors/startup-error.js';
import { OperationCosts } from '../graphql/cost/operation-costs.js';
import { buildGatewaySchema } from '../graphql/schema/schema.js';
import { validateDocuments } from '../graphql/trusted/validate-documents.js';
import { TrustedDocuments } from '../graphql/trusted/trusted-documents.js';
import { runCommand } from './run-command.js';

/** Validates the documents of a manifest as a start of the gateway does: a line for each error, and none when all of them run. */
await runCommand(async () => {
  const [file, ...more] = process.argv.slice(2);
  if (file === undefined || more.length > 0) throw new StartupError('Usage: npm run check:documents -- FILE');
  const settings = loadDocumentSettings();
  const documents = new TrustedDocuments(readDocumentManifest(file));
  const schema = await buildGatewaySchema(settings);
  const costs = new OperationCosts(schema, settings.maxAnswerBytes);
  const errors = validateDocuments(documents, { schema, costs, options: settings });
  for (const { id, message } of errors) process.stdout.write(`${id}: ${oneLine(message)}\n`);
  if (errors.length > 0) process.exitCode = 1;
});

function oneLine(message: string): string {
  return message.replaceAll(/\s+/g, ' ');
}
