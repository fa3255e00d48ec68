import { loadSettings } from '../config/settings.js';
import { createLog } from '../logging/log.js';
import { startWorkerApp } from '../app/worker-app.js';
import { logCrashes } from './crash-log.js';
import { runCommand } from './run-command.js';
import { shutdownSignal } from './shutdown-signal.js';

/** Works on provisioning jobs until it is asked to stop. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  logCrashes(log);
  const stopped = shutdownSignal();
  const { url, stop } = await startWorkerApp(settings, log);
  log.info({ url }, 'worker ready');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await stop();
  log.info('stopped');
});
