import { loadSettings } from '../config/settings.js';
import { StartupError } from '../errors/startup-error.js';
import { connectErrorReason } from '../persistence/database/database-errors.js';
import { prepareDatabase } from '../persistence/setup/prepare-database.js';
import { runCommand } from './run-command.js';

/** Applies the migrations to DATABASE_URL. */
await runCommand(async () => {
  const { databaseUrl } = loadSettings();
  if (databaseUrl === undefined) {
    throw new StartupError('Set DATABASE_URL. The embedded database is migrated by npm start itself.');
  }
  try {
    const { applied } = await prepareDatabase(databaseUrl);
    process.stdout.write(
      applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}.\n`,
    );
  } catch (error) {
    const reason = connectErrorReason(error);
    throw reason === undefined ? error : new StartupError(`DATABASE_URL: ${reason}`);
  }
});
