import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Authenticate } from './auth/credential.js';
import { bearerAuthenticator, JWKS_ALGORITHMS } from './auth/bearer.js';
import { issuerKeys } from './auth/issuer-keys.js';
import { type LocalIssuer, localIssuer } from './auth/local-issuer.js';
import { platformAuthenticator } from './auth/validate-token.js';
import type { ProvisioningSettings, Settings } from './config/settings.js';
import { createApolloServer } from './graphql/apollo-server.js';
import { buildGatewaySchema, printGatewaySchema } from './graphql/schema.js';
import { startHttpServer } from './http/server.js';
import { describeCause } from './logging/log.js';
import { batchedJobs } from './operations/read-provisioning-jobs.js';
import { admission } from './http/admission.js';
import { clientAddress } from './limits/client-address.js';
import { concurrencyGate } from './limits/concurrency-gate.js';
import { macProbeLimit } from './limits/mac-probe-limit.js';
import { requestCounter } from './limits/request-limits.js';
import { importFleet } from './operations/import-fleet/import-fleet.js';
import { catalogStore } from './persistence/catalog-store.js';
import { dataDirIssuerKey } from './persistence/data-dir-secrets.js';
import type { Database, Statement } from './persistence/database.js';
import { customerLists } from './persistence/customer-lists.js';
import { deviceLists } from './persistence/device-lists.js';
import { deviceStore } from './persistence/device-store.js';
import { writeFleet } from './persistence/fleet-writer.js';
import { provisioningJobs } from './persistence/provisioning-jobs.js';
import { provisioningQueue } from './persistence/provisioning-queue.js';
import { openStorage, type Storage } from './persistence/open-storage.js';
import { statusStore } from './persistence/report-status.js';
import { driverFor } from './provisioning/target-driver.js';
import { type ProvisioningWorker, startWorker } from './provisioning/worker.js';

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

const DEMO_FLEET = new URL('../prisma/demo-fleet.json', import.meta.url);

/**
 * Joins the parts and starts serving. It neither reads the environment nor touches the process, so tests start it as
 * often as they like.
 * @throws StartupError for what an operator can mend
 */
export async function startApp(settings: Settings, log: Logger): Promise<App> {
  const storage = await openStorage(settings, log);
  try {
    if (storage.isEmbedded) await loadDemoFleetOnce(storage, log);
    const { authenticate, issuer } = await openAuth(settings, log);
    const schema = await buildGatewaySchema(settings);
    const apollo = createApolloServer(schema, settings);
    await apollo.start();
    const gateway = {
      devices: deviceStore(storage.database),
      catalog: catalogStore(storage.database.prisma),
      deviceLists: deviceLists(storage.database),
      customerLists: customerLists(storage.database),
      findJobs: batchedJobs(provisioningJobs(storage.database)),
      statusStore: statusStore(storage.database),
      secrets: storage.keyRing,
      now: () => new Date(),
      macProbes: macProbeLimit(),
    };
    const parts = {
      apollo,
      admit: admission({
        authenticate,
        addressOf: clientAddress(settings.trustedProxies),
        countRequest: requestCounter(settings.rateLimit),
      }),
      gateway,
      log,
      maxBodyBytes: settings.maxBodyBytes,
      gate: concurrencyGate(MAX_REQUESTS_AT_ONCE),
      corsOrigins: settings.corsOrigins,
      printSchema: settings.introspection ? () => printGatewaySchema(schema) : undefined,
      checkDatabase: async () => await isDatabaseThere(storage.database),
    };
    const http = await startHttpServer(parts, settings.host, settings.port);
    const worker = settings.provisioning.isWorker
      ? openWorker(settings.provisioning, storage, log)
      : undefined;
    return {
      url: http.url,
      issuer,
      isDatabaseEmbedded: storage.isEmbedded,
      stop: async () => {
        await Promise.all([http.stop(settings.shutdownGraceMs), worker?.stop(settings.shutdownGraceMs)]);
        await apollo.stop();
        await storage.close();
      },
    };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

const PING: Statement = { name: 'ping', text: 'SELECT 1', kind: 'read' };
const PING_TIMEOUT_MS = 1_500;

/** Whether the database answers, and soon. */
async function isDatabaseThere({ run }: Database): Promise<boolean> {
  const answer = run(PING, []).then(
    () => true,
    () => false,
  );
  return await Promise.race([answer, delay(PING_TIMEOUT_MS, false, { ref: false })]);
}

interface Auth {
  readonly authenticate: Authenticate;
  /** Undefined with an external issuer. */
  readonly issuer: LocalIssuer | undefined;
}

async function openAuth({ issuer, dataDir }: Settings, log: Logger): Promise<Auth> {
  switch (issuer.kind) {
    case 'platform':
      return { authenticate: platformAuthenticator(issuer.validateTokenUrl, Date.now), issuer: undefined };
    case 'external': {
      const onFault = (fault: unknown): void => log.warn({ cause: describeCause(fault) }, 'issuer away');
      const key = issuerKeys(new URL(issuer.jwksUrl), { onFault, now: Date.now });
      const rules = { key, issuer: issuer.issuer, audience: issuer.audience, algorithms: JWKS_ALGORITHMS };
      return { authenticate: bearerAuthenticator(rules, Date.now), issuer: undefined };
    }
    case 'local': {
      const local = localIssuer(await dataDirIssuerKey(dataDir));
      return { authenticate: bearerAuthenticator(local.rules, Date.now), issuer: local };
    }
  }
}

/** A worker on the jobs of this storage's database. */
export function openWorker(
  { target, retryMs }: ProvisioningSettings,
  { database, keyRing }: Storage,
  log: Logger,
): ProvisioningWorker {
  const queue = provisioningQueue(database.run);
  return startWorker({ queue, secrets: keyRing, driver: driverFor(target), retryMs, log });
}

/** An empty embedded database gets the demo fleet; what a user deletes later stays deleted. */
async function loadDemoFleetOnce({ database, keyRing }: Storage, log: Logger): Promise<void> {
  if ((await database.prisma.customer.count()) > 0) return;
  const content: unknown = JSON.parse(await readFile(DEMO_FLEET, 'utf8'));
  const outcome = await importFleet(
    async (work) => await writeFleet(database.prisma, keyRing, work),
    content,
    () => undefined,
  );
  if ('faults' in outcome) throw new Error(`The demo fleet is not right: ${outcome.faults.join(' ')}`);
  log.info(outcome.inserted, 'demo fleet loaded');
}
