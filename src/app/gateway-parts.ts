import { customerStore } from '../persistence/devices/customer-store.js';
import type { Logger } from 'pino';
import type { ProvisioningTarget, Settings } from '../config/settings.js';
import type { GatewayParts } from '../graphql/request/context.js';
import type { Removals } from '../operations/delete-network-device.js';
import { batchedHistory } from '../operations/read-device-history.js';
import { batchedJobs } from '../operations/read-provisioning-jobs.js';
import { type ConcurrencyGate, concurrencyGate } from '../limits/concurrency-gate.js';
import { macProbeLimit } from '../limits/mac-probe-limit.js';
import type { DeviceChanges } from '../operations/watch-network-devices.js';
import { catalogStore } from '../persistence/devices/catalog-store.js';
import { customerLists } from '../persistence/devices/customer-lists.js';
import { deviceHistory } from '../persistence/devices/device-history.js';
import { deviceLists } from '../persistence/devices/device-lists.js';
import { deviceStore } from '../persistence/devices/device-store.js';
import { modelStore } from '../persistence/devices/model-store.js';
import { idempotencyKeys } from '../persistence/idempotency/idempotency-keys.js';
import { provisioningJobs } from '../persistence/jobs/provisioning-jobs.js';
import type { JobDispatcher } from '../persistence/jobs/claim-jobs.js';
import { type Storage } from '../persistence/setup/open-storage.js';
import { statusStore } from '../persistence/devices/report-status.js';
import { REMOVAL_NOT_SENT } from '../provisioning/target-driver.js';
import { Semaphore } from '../timing/semaphore.js';

/** Maximum number of syncs of customers that wait for each other. */
const MAX_SYNCS = 50;

/** What operations work with. */
export function gatewayParts(
  { database, keyRing, idempotencySecret }: Storage,
  jobs: JobDispatcher,
  changes: DeviceChanges,
  settings: Pick<Settings, 'macProbeLimit' | 'devicesPerCustomer' | 'provisioning' | 'historyKeepMs'>,
  log: Logger,
): GatewayParts {
  return {
    devices: deviceStore(database, jobs),
    catalog: catalogStore(database.prisma),
    models: modelStore(database.runThroughPrisma),
    deviceLists: deviceLists(database),
    customerLists: customerLists(database),
    customers: customerStore(database, syncsInTurn()),
    findJobs: batchedJobs(provisioningJobs(database)),
    history: batchedHistory(deviceHistory(database, settings.historyKeepMs)),
    statusStore: statusStore(database),
    changes,
    secrets: keyRing,
    now: () => new Date(),
    macProbes: macProbeLimit(settings.macProbeLimit),
    devicesPerCustomer: settings.devicesPerCustomer,
    removals: removalsTo(settings.provisioning.target, log),
    keys: idempotencyKeys(database.run, idempotencySecret),
  };
}

/** Each sync of customers takes up a connection while it waits for one of another instance; together they take one. */
function syncsInTurn(): ConcurrencyGate {
  const gate = concurrencyGate(MAX_SYNCS);
  const oneByOne = new Semaphore(1);
  return async (work) => await gate(async () => await oneByOne.run(work));
}

function removalsTo(target: ProvisioningTarget, log: Logger): Removals {
  return {
    areSent: target.kind === 'simulated' || target.removalUrl !== undefined,
    onNotSent: (deviceId) => log.info({ deviceId }, REMOVAL_NOT_SENT),
  };
}
