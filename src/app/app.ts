import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Authenticate, type LimitJudgements } from '../auth/credential.js';
import { bearerAuthenticator, JWKS_ALGORITHMS } from '../auth/bearer.js';
import { issuerKeys } from '../auth/issuer-keys.js';
import { type LocalIssuer, localIssuer } from '../auth/local-issuer.js';
import { platformAuthenticator } from '../auth/platform-token.js';
import { isDatabaseThere, metricsOf, observedStorage, openWorker } from './common-parts.js';
import type { Settings } from '../config/settings.js';
import { createApolloServer } from '../graphql/apollo-server.js';
import type { OnOperation } from '../graphql/execution/finish-operation.js';
import type { GatewayParts } from '../graphql/request/context.js';
import { OperationCosts } from '../graphql/cost/operation-costs.js';
import { cachedExecutor } from '../graphql/execution/execute-cached.js';
import { PlanCache } from '../graphql/execution/plan-cache.js';
import { buildGatewaySchema, printGatewaySchema } from '../graphql/schema/schema.js';
import { Subscriptions } from '../graphql/subscriptions/subscriptions.js';
import { createSubscriptionServer } from '../graphql/subscriptions/server.js';
import { type HttpServer, startHttpServer, STOP_WAITS, type StopWaits } from '../http/server.js';
import { countedChanges, type LiveChanges, openLiveChanges } from './live-changes.js';
import { describeCause } from '../logging/log.js';
import { batchedJobs } from '../operations/read-provisioning-jobs.js';
import { openAdmission } from '../http/endpoints/admission.js';
import { clientAddress } from '../limits/client-address.js';
import { concurrencyGate } from '../limits/concurrency-gate.js';
import { eventLoopTurns } from '../limits/event-loop-turns.js';
import { judgementLimit } from '../limits/judgement-limit.js';
import { macProbeLimit } from '../limits/mac-probe-limit.js';
import { messageCounter } from '../limits/message-rate.js';
import { connectionLeases } from '../limits/connection-leases.js';
import { requestCounter } from '../limits/request-limits.js';
import { UnreadBytes } from '../limits/unread-bytes.js';
import type { DeviceChanges } from '../operations/watch-network-devices.js';
import { importFleet } from '../operations/import-fleet/import-fleet.js';
import { catalogStore } from '../persistence/devices/catalog-store.js';
import { dataDirIssuerKey } from '../data-dir/secrets.js';
import { customerStore } from '../persistence/devices/customer-store.js';
import { customerLists } from '../persistence/devices/customer-lists.js';
import { deviceLists } from '../persistence/devices/device-lists.js';
import { deviceStore } from '../persistence/devices/device-store.js';
import { modelStore } from '../persistence/devices/model-store.js';
import { writeFleet } from '../persistence/devices/fleet-writer.js';
import { idempotencyKeys } from '../persistence/idempotency/idempotency-keys.js';
import { resealIdempotencySecret } from '../persistence/idempotency/idempotency-secret.js';
import { provisioningJobs } from '../persistence/jobs/provisioning-jobs.js';
import type { JobDispatcher } from '../persistence/jobs/claim-jobs.js';
import { openStorage, type Storage } from '../persistence/setup/open-storage.js';
import { statusStore } from '../persistence/devices/report-status.js';
import type { ProvisioningWorker } from '../provisioning/worker.js';
import { StartedParts } from './started-parts.js';

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

/** Requests of this process that are worked on at once; a second's worth of them, so that the last one does not wait for long. */
const MAX_REQUESTS_AT_ONCE = 1_000;

const DEMO_FLEET = new URL('../../prisma/demo-fleet.json', import.meta.url);

/** Times that tests shorten, in milliseconds. */
export interface Intervals {
  /** How often the credentials of a running subscription are asked for again. */
  readonly credentialRecheckMs: number;
  /** How often changes are read without a notification. */
  readonly heartbeatMs: number;
  /** How often WebSocket clients are pinged; one that has not answered by the next time is gone. */
  readonly pingMs: number;
  readonly stopWaits: StopWaits;
}

const INTERVALS: Intervals = {
  credentialRecheckMs: 60_000,
  heartbeatMs: 1_000,
  pingMs: 12_000,
  stopWaits: STOP_WAITS,
};

/**
 * Joins the parts and starts serving. It neither reads the environment nor touches the process, so tests start it as
 * often as they like.
 * @throws StartupError for what an operator can mend
 */
export async function startApp(settings: Settings, log: Logger, intervals = INTERVALS): Promise<App> {
  const opened = await openStorage(settings, log);
  const metrics = metricsOf(opened);
  let live: LiveChanges | undefined;
  const storage = observedStorage(opened, metrics, () => live?.feed.changed());
  let worker: ProvisioningWorker | undefined;
  let http: HttpServer | undefined;
  const started = new StartedParts();
  started.add(storage.close);
  try {
    // As an update does with passwords: what this ring no longer begins with is not needed for it.
    await resealIdempotencySecret(storage.database.run, storage.keyRing);
    if (storage.isEmbedded) await loadDemoFleetOnce(storage, log);
    const { authenticate, issuer } = await openAuth(settings, judgementLimit(settings.rateLimit), log);
    const schema = await buildGatewaySchema(settings);
    const costs = new OperationCosts(schema, settings.maxAnswerBytes);
    const known = new PlanCache(schema, costs);
    const onOperation: OnOperation = (type, codes) => metrics.operationEnded(type, codes);
    const apollo = createApolloServer(schema, settings, onOperation, known, costs);
    started.add(async () => await apollo.stop());
    await apollo.start();
    live = await openLiveChanges(storage, log, intervals.heartbeatMs, () => worker?.wake());
    const { feed, changes } = live;
    started.add(live.stop);
    const jobs: JobDispatcher = {
      reserveSlot: () => worker?.reserveSlot(),
      notifyQueued: () => (worker === undefined ? feed.jobQueued() : worker.wake()),
    };
    const gateway = gatewayParts(storage, jobs, countedChanges(changes, metrics), settings);
    const subscriptions = new Subscriptions(schema, settings, costs, {
      gateway,
      log,
      metrics,
      takeTurn: eventLoopTurns(),
      ...intervals,
    });
    const parts = {
      gateway,
      log,
      apollo,
      executeCached: cachedExecutor(known, schema, onOperation),
      admission: openAdmission({
        authenticate,
        addressOf: clientAddress(settings.trustedProxies),
        countRequest: requestCounter(settings.rateLimit),
      }),
      acquireConnection: connectionLeases(),
      countMessages: messageCounter(),
      unread: new UnreadBytes(),
      pingMs: intervals.pingMs,
      subscriptions: createSubscriptionServer(subscriptions),
      streamedSubscriptions: subscriptions,
      metrics,
      maxTokens: settings.maxTokens,
      docsUrl: settings.docsUrl,
      maxBodyBytes: settings.maxBodyBytes,
      maxAnswerBytes: settings.maxAnswerBytes,
      gate: concurrencyGate(MAX_REQUESTS_AT_ONCE),
      corsOrigins: settings.corsOrigins,
      corsHeaders: settings.corsHeaders,
      stopWaits: intervals.stopWaits,
      printSchema: settings.introspection ? () => printGatewaySchema(schema) : undefined,
      checkDatabase: async () => await isDatabaseThere(storage.database),
    };
    const server = await startHttpServer(parts, settings.host, settings.port);
    http = server;
    if (settings.provisioning.isWorker) {
      worker = openWorker(settings, storage, log, metrics);
    }
    return {
      url: server.url,
      issuer,
      isDatabaseEmbedded: storage.isEmbedded,
      stop: async () => {
        server.announceStop();
        if (settings.shutdownDelayMs > 0) await delay(settings.shutdownDelayMs);
        await Promise.all([server.stop(settings.shutdownGraceMs), worker?.stop(settings.shutdownGraceMs)]);
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

function gatewayParts(
  { database, keyRing, idempotencySecret }: Storage,
  jobs: JobDispatcher,
  changes: DeviceChanges,
  settings: Pick<Settings, 'macProbeLimit' | 'devicesPerCustomer'>,
): GatewayParts {
  return {
    devices: deviceStore(database, jobs),
    catalog: catalogStore(database.prisma),
    customers: customerStore(database),
    models: modelStore(database.runThroughPrisma),
    deviceLists: deviceLists(database),
    customerLists: customerLists(database),
    findJobs: batchedJobs(provisioningJobs(database)),
    statusStore: statusStore(database),
    changes,
    secrets: keyRing,
    now: () => new Date(),
    macProbes: macProbeLimit(settings.macProbeLimit),
    devicesPerCustomer: settings.devicesPerCustomer,
    keys: idempotencyKeys(database.run, idempotencySecret),
  };
}

interface Auth {
  readonly authenticate: Authenticate;
  /** Undefined with an external issuer. */
  readonly issuer: LocalIssuer | undefined;
}

async function openAuth({ issuer, dataDir }: Settings, limit: LimitJudgements, log: Logger): Promise<Auth> {
  switch (issuer.kind) {
    case 'platform': {
      const authenticate = platformAuthenticator(issuer.validateTokenUrl, limit, Date.now);
      return { authenticate, issuer: undefined };
    }
    case 'external': {
      const onError = (error: unknown): void => log.warn({ cause: describeCause(error) }, 'issuer away');
      const key = issuerKeys(new URL(issuer.jwksUrl), { onError, now: Date.now });
      const rules = { key, issuer: issuer.issuer, audience: issuer.audience, algorithms: JWKS_ALGORITHMS };
      return { authenticate: bearerAuthenticator(rules, limit, Date.now), issuer: undefined };
    }
    case 'local': {
      const local = localIssuer(await dataDirIssuerKey(dataDir));
      return { authenticate: bearerAuthenticator(local.rules, limit, Date.now), issuer: local };
    }
  }
}

/** An empty embedded database gets the demo fleet; what a user deletes later stays deleted. */
async function loadDemoFleetOnce({ database, keyRing }: Storage, log: Logger): Promise<void> {
  if ((await database.prisma.customer.count()) > 0) return;
  const content: unknown = JSON.parse(await readFile(DEMO_FLEET, 'utf8'));
  const outcome = await importFleet(
    async (work) => await writeFleet(database.prisma, keyRing, work),
    content,
    () => undefined,
    new Date(),
  );
  if ('errors' in outcome) throw new Error(`The demo fleet is not right: ${outcome.errors.join(' ')}`);
  log.info(outcome.inserted, 'demo fleet loaded');
}
