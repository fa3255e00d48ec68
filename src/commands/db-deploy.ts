import { loadDatabaseSettings } from '../config/settings.js';
import { StartupError } from '../errors/startup-error.js';
import { namingSetting, prepareDatabase, sessionTarget } from '../persistence/setup/prepare-database.js';
import { runCommand } from './run-command.js';

/** Applies the migrations to DATABASE_URL, past its pooler. */
await runCommand(async () => {
  const settings = loadDatabaseSettings();
  if (settings.databaseUrl === undefined) {
    throw new StartupError('Set DATABASE_URL. The embedded database is migrated by npm start itself.');
  }
  const { url, setting } = sessionTarget(settings.databaseUrl, settings);
  try {
    const { applied } = await prepareDatabase(url);
    process.stdout.write(
      applied.length === 0 ? 'The database is up to date.\n' : `Applied: ${applied.join(', ')}.\n`,
    );
  } catch (error) {
    throw namingSetting(setting, error);
  }
});
