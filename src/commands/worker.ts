import { openWorker } from '../app.js';
import { loadSettings } from '../config/settings.js';
import { createLog } from '../logging/log.js';
import { startChangeFeed } from '../persistence/change-feed.js';
import { openStorage } from '../persistence/open-storage.js';
import { logCrashes } from './crash-log.js';
import { runCommand } from './run-command.js';
import { stopWish } from './stop-wish.js';

/** How often the connection is tried that hears of new jobs. */
const HEARTBEAT_MS = 5_000;

/** Works on provisioning jobs and serves nothing, beside any number of gateways and workers on one database. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  logCrashes(log);
  const stopped = stopWish();
  const storage = await openStorage(settings, log, true);
  const worker = openWorker(settings.provisioning, storage, log);
  const feed = startChangeFeed({
    url: storage.url,
    run: storage.database.run,
    handlers: { onJob: () => worker.wake(), onChanges: () => undefined, onGap: () => undefined },
    log,
    heartbeatMs: HEARTBEAT_MS,
  });
  log.info('worker ready');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await feed.stop();
  await worker.stop(settings.shutdownGraceMs);
  await storage.close();
  log.info('stopped');
});
