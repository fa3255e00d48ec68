import { startApp } from './app/app.js';
import { printBanner } from './commands/banner.js';
import { logCrashes } from './commands/crash-log.js';
import { runCommand } from './commands/run-command.js';
import { shutdownSignal } from './commands/shutdown-signal.js';
import { loadSettings } from './config/settings.js';
import { createLog } from './logging/log.js';

/** The process: settings, start, signals, exit code. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  logCrashes(log);
  const stopped = shutdownSignal();
  const app = await startApp(settings, log);
  await printBanner(app, settings.host);
  log.info({ url: app.url }, 'ready');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await app.stop();
  log.info('stopped');
});
