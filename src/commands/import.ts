import { loadSettings } from '../config/settings.js';
import { StartupError } from '../errors/startup-error.js';
import { importFile } from './import-file.js';
import { showProgress } from './progress.js';
import { runCommand } from './run-command.js';

await runCommand(async () => {
  const [file, ...others] = process.argv.slice(2);
  if (file === undefined || others.length > 0) {
    throw new StartupError(
      'Usage: npm run import -- FILE\nFILE holds a fleet as prisma/demo-fleet.json does.',
    );
  }
  process.stdout.write(`${await importFile(file, loadSettings, showProgress())}\n`);
});
