import { openWorker } from '../app.js';
import { loadSettings } from '../config/settings.js';
import { createLog } from '../logging/log.js';
import { type ChangeFeed, startChangeFeed } from '../persistence/change-feed.js';
import { openStorage } from '../persistence/open-storage.js';
import { tellingDatabase } from '../persistence/telling-database.js';
import { logCrashes } from './crash-log.js';
import { runCommand } from './run-command.js';
import { stopWish } from './stop-wish.js';

/** How often the connection is tried that hears of new jobs, and tells of their ends. */
const HEARTBEAT_MS = 5_000;

/** Works on provisioning jobs and serves nothing, beside any number of gateways and workers on one database. */
await runCommand(async () => {
  const settings = loadSettings();
  const log = createLog(settings.logLevel);
  logCrashes(log);
  const stopped = stopWish();
  const storage = await openStorage(settings, log, true);
  const database = tellingDatabase(storage.database, () => feed.changed());
  const feed: ChangeFeed = startChangeFeed({
    url: storage.url,
    run: storage.database.run,
    handlers: { onJob: () => worker.wake(), onChanges: () => undefined, onGap: () => undefined },
    log,
    heartbeatMs: HEARTBEAT_MS,
  });
  const worker = openWorker(settings.provisioning, { ...storage, database }, log);
  log.info('worker ready');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await worker.stop(settings.shutdownGraceMs);
  await feed.stop();
  await storage.close();
  log.info('stopped');
});
