import type { Logger } from 'pino';
import { isDatabaseThere, metricsOf, observedStorage, openWorker } from './common-parts.js';
import type { Settings } from '../config/settings.js';
import { startWorkerServer } from '../http/worker-server.js';
import { type ChangeFeed, startChangeFeed } from '../persistence/changes/change-feed.js';
import { openStorage } from '../persistence/setup/open-storage.js';
import type { ProvisioningWorker } from '../provisioning/worker.js';
import { StartedParts } from './started-parts.js';

/** A running worker. */
export interface WorkerApp {
  /** Where health and metrics are served; undefined without WORKER_PORT. */
  readonly url: string | undefined;
  /** Finishes the attempts that run, then closes everything. */
  readonly stop: () => Promise<void>;
}

/** How often the connection is tried on which new jobs and the ends of jobs are notified. */
const HEARTBEAT_MS = 5_000;

/**
 * Works on provisioning jobs beside any number of gateways and workers on one database.
 * @throws StartupError for what an operator can mend
 */
export async function startWorkerApp(settings: Settings, log: Logger): Promise<WorkerApp> {
  const opened = await openStorage(settings, log, true);
  let feed: ChangeFeed | undefined;
  let worker: ProvisioningWorker | undefined;
  const metrics = metricsOf(opened);
  const storage = observedStorage(opened, metrics, () => feed?.changed());
  const started = new StartedParts();
  started.add(storage.close);
  try {
    const checkDatabase = async (): Promise<boolean> => await isDatabaseThere(storage.database);
    const { host, workerPort } = settings;
    const server =
      workerPort === undefined
        ? undefined
        : await startWorkerServer({ checkDatabase, metrics, log }, host, workerPort);
    if (server !== undefined) started.add(server.close);
    feed = startChangeFeed({
      url: storage.url,
      run: opened.database.run,
      handlers: {
        onJob: () => worker?.wake(),
        // Nobody subscribes here.
        isWatched: () => false,
        onChanges: () => undefined,
        onGap: () => undefined,
      },
      log,
      heartbeatMs: HEARTBEAT_MS,
    });
    started.add(feed.stop);
    const opening = openWorker(settings, storage, log, metrics);
    worker = opening;
    started.add(async () => await opening.stop(settings.shutdownGraceMs));
    return {
      url: server?.url,
      stop: async () => {
        server?.announceStop();
        await started.stop();
      },
    };
  } catch (error) {
    await started.stop();
    throw error;
  }
}
