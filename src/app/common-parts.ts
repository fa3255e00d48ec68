import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { Database, Statement } from '../persistence/database/database.js';
import { instrumentedDatabase } from '../persistence/database/instrumented-database.js';
import type { Storage } from '../persistence/setup/open-storage.js';
import { tableSizes } from '../persistence/setup/table-sizes.js';
import { buildInfo } from './build-info.js';
import { countOpenJobs } from '../persistence/jobs/provisioning-jobs.js';
import { expiringKeys } from '../persistence/idempotency/idempotency-keys.js';
import { expiringJobs } from '../persistence/jobs/expiring-jobs.js';
import { expiringAudit, expiringHistory } from '../persistence/rows/expiring-audit.js';
import { startAnalysing } from '../persistence/database/grown-tables.js';
import { startPruner } from '../persistence/database/pruner.js';
import { provisioningQueue } from '../persistence/jobs/claim-jobs.js';
import { notifyingDatabase } from '../persistence/database/notifying-database.js';
import { driverFor } from '../provisioning/target-driver.js';
import { type ProvisioningWorker, startWorker } from '../provisioning/worker.js';

// What a gateway and a worker without one have in common.

/** The metrics of a process that works with this storage. */
export function metricsOf({ database }: Storage): GatewayMetrics {
  return new GatewayMetrics(
    {
      pool: database.pool,
      openJobs: async () => await countOpenJobs(database),
      tableBytes: async () => await tableSizes(database),
    },
    buildInfo(),
  );
}

/** The same storage, measured. @param onWritten called after each statement that may have changed devices */
export function observedStorage(storage: Storage, metrics: GatewayMetrics, onWritten: () => void): Storage {
  const measured = instrumentedDatabase(storage.database, (name, seconds) =>
    metrics.statementEnded(name, seconds),
  );
  return { ...storage, database: notifyingDatabase(measured, onWritten) };
}

const PING: Statement = { name: 'ping', text: 'SELECT 1', onLostConnection: 'nothing-written' };
const PING_TIMEOUT_MS = 1_500;

/** Whether the database answers, and soon. */
export async function isDatabaseThere({ run }: Database): Promise<boolean> {
  const answer = run(PING, []).then(
    () => true,
    () => false,
  );
  return await Promise.race([answer, delay(PING_TIMEOUT_MS, false, { ref: false })]);
}

/** A worker on the jobs of this storage's database. */
export function openWorker(
  {
    provisioning: { target, retryMs },
    ...keep
  }: Pick<Settings, 'provisioning' | 'idempotencyKeepMs' | 'jobKeepMs' | 'historyKeepMs' | 'auditKeepMs'>,
  { database, keyRing }: Storage,
  log: Logger,
  metrics: GatewayMetrics,
): ProvisioningWorker {
  const stopPruner = startPruner({
    run: database.run,
    prunables: [
      expiringKeys(keep.idempotencyKeepMs),
      expiringJobs(keep.jobKeepMs),
      expiringHistory(keep.historyKeepMs),
      ...expiringAudit(keep.auditKeepMs),
    ],
    log,
    onRemoved: (what, count) => metrics.removed(what, count),
  });
  const stopAnalysing = startAnalysing({ run: database.run, log });
  const worker = startWorker({
    queue: provisioningQueue(database.run),
    secrets: keyRing,
    driver: driverFor(target, log),
    retryMs,
    log,
    onAttemptEnded: (end) => metrics.attemptEnded(end),
  });
  return {
    wake: () => worker.wake(),
    reserveSlot: () => worker.reserveSlot(),
    stop: async (graceMs) => {
      await Promise.all([worker.stop(graceMs), stopPruner(), stopAnalysing()]);
    },
  };
}
