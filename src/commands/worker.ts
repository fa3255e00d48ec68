import { openWorker } from '../app.js';
import { loadSettings } from '../config/settings.js';
import { createLog } from '../logging/log.js';
import { openStorage } from '../persistence/open-storage.js';
import { runCommand } from './run-command.js';
import { stopWish } from './stop-wish.js';

/** Works on provisioning jobs and serves nothing, beside any number of gateways and workers on one database. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  const stopped = stopWish();
  const storage = await openStorage(settings, log, true);
  const worker = openWorker(settings.provisioning, storage, log);
  log.info('worker ready');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await worker.stop(settings.shutdownGraceMs);
  await storage.close();
  log.info('stopped');
});
