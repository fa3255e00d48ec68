import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type LocalIssuer } from '../auth/local-issuer.js';
import { metricsOf, observedStorage, openWorker } from './common-parts.js';
import type { Settings } from '../config/settings.js';
import { type HttpServer, startHttpServer } from '../http/server.js';
import { countedChanges, openLiveChanges } from './live-changes.js';
import { validationLimit } from '../limits/validation-limit.js';
import { resealIdempotencySecret } from '../persistence/idempotency/idempotency-secret.js';
import { openStorage } from '../persistence/setup/open-storage.js';
import { StartedParts } from './started-parts.js';
import { gatewayParts } from './gateway-parts.js';
import { httpParts } from './http-parts.js';
import { loadDemoFleetOnce } from './demo-fleet.js';
import { openAuth } from './open-auth.js';
import { openGraphql } from './open-graphql.js';
import { INTERVALS } from './intervals.js';
import { Signals } from './signals.js';

/** A running gateway. */
export interface App {
  /** Where GraphQL is served. */
  readonly url: string;
  /** Undefined with an external issuer. */
  readonly issuer: LocalIssuer | undefined;
  readonly isDatabaseEmbedded: boolean;
  /** Finishes what was accepted, then closes everything. */
  readonly stop: () => Promise<void>;
}

/**
 * Joins the parts and starts serving. It neither reads the environment nor touches the process, so tests start it as
 * often as they like.
 * @throws StartupError for what an operator can mend
 */
export async function startApp(settings: Settings, log: Logger, intervals = INTERVALS): Promise<App> {
  const signals = new Signals();
  const opened = await openStorage(settings, log);
  const metrics = metricsOf(opened);
  const storage = observedStorage(opened, metrics, () => signals.changed());
  const { database } = storage;
  let http: HttpServer | undefined;
  const started = new StartedParts();
  started.add(storage.close);
  try {
    // As an update does with passwords: what this ring no longer begins with is not needed for it.
    await resealIdempotencySecret(database.run, storage.keyRing);
    if (storage.isEmbedded) await loadDemoFleetOnce(storage, log);
    const { authenticate, issuer } = await openAuth(settings, validationLimit(settings.rateLimit), log, () =>
      metrics.issuerFailed(),
    );
    const graphql = await openGraphql(settings, metrics, log);
    started.add(async () => await graphql.apollo.stop());
    await graphql.apollo.start();
    const live = await openLiveChanges(storage, log, intervals.heartbeatMs, () => signals.wakeWorker());
    signals.feed = live.feed;
    started.add(live.stop);
    const gateway = gatewayParts(storage, signals.jobs, countedChanges(live.changes, metrics), settings, log);
    const parts = { settings, intervals, log, metrics, database, authenticate, graphql, gateway };
    const server = await startHttpServer(httpParts(parts), settings.host, settings.port);
    http = server;
    if (settings.provisioning.isWorker) signals.worker = openWorker(settings, storage, log, metrics);
    return {
      url: server.url,
      issuer,
      isDatabaseEmbedded: storage.isEmbedded,
      stop: async () => {
        const { shutdownDelayMs, shutdownGraceMs } = settings;
        server.announceStop();
        if (shutdownDelayMs > 0) await delay(shutdownDelayMs);
        await Promise.all([server.stop(shutdownGraceMs), signals.worker?.stop(shutdownGraceMs)]);
        await started.stop();
      },
    };
  } catch (error) {
    // Nothing that was opened outlives a start that fails.
    await http?.stop(0);
    await started.stop();
    throw error;
  }
}
