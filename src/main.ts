import { startApp } from './app.js';
import { printBanner } from './commands/banner.js';
import { runCommand } from './commands/run-command.js';
import { loadSettings } from './config/settings.js';
import { createLog } from './logging/log.js';

/** Ctrl-C reaches the process from the terminal and once more from npm: that is one wish. */
const ONE_WISH_MS = 2_000;

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

/** The first signal that asks the process to stop. A later one ends it at once, should a start or a stop hang. */
async function signalled(): Promise<string> {
  return await new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, (name) => {
        first ??= Date.now();
        if (Date.now() - first > ONE_WISH_MS) process.exit(1);
        resolve(name);
      });
    }
  });
}
