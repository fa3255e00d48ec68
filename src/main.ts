import { startApp } from './app.js';
import { printBanner } from './commands/banner.js';
import { runCommand } from './commands/run-command.js';
import { loadSettings } from './config/settings.js';
import { createLog } from './logging/log.js';

/** The process: settings, start, signals, exit code. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  const stopWish = signalled();
  const app = await startApp(settings, log);
  await printBanner(app, settings.host);
  log.info({ url: app.url }, 'ready');
  const signal = await stopWish;
  log.info({ signal }, 'stopping');
  await app.stop();
  log.info('stopped');
});

/** The first signal that asks the process to stop; further ones change nothing, the stop is under way. */
async function signalled(): Promise<string> {
  return await new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, resolve);
  });
}
