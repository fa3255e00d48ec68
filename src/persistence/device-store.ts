import type { ProvisioningProgress } from '../domain/device.js';
import type { AuditEntry } from './audit.js';
import type { Database, RunStatement } from './database.js';
import type { StoredDevice } from './device-row.js';
import { type DeviceForUpdate, readDevice, readDeviceForUpdate } from './read-device.js';
import { queueCurrentSettings } from './queue-job.js';
import { type DeviceWrite, writeDevice, type WriteOutcome } from './write-device.js';

/** One try at an update: read what it needs, then write what was decided. */
export interface UpdateAttempt {
  readonly read: (id: string, macAddress: string | null) => Promise<DeviceForUpdate | undefined>;
  /** @param version the version that was read */
  readonly write: (id: string, version: number, write: DeviceWrite) => Promise<WriteOutcome>;
}

/** Where devices are kept. */
export interface DeviceStore {
  readonly find: (id: string) => Promise<StoredDevice | undefined>;
  /** For the usual update: one statement to read, one to write, no transaction. */
  readonly optimistic: UpdateAttempt;
  /** For an update that others keep overtaking: its read locks the row until `work` is done. */
  readonly locked: <T>(work: (attempt: UpdateAttempt) => Promise<T>) => Promise<T>;
  /** Queues a provisioning job for the settings as they are; undefined for a device that is gone or being deleted. */
  readonly queueJob: (id: string, audit: AuditEntry) => Promise<ProvisioningProgress | undefined>;
}

/** The devices of this database. */
export function deviceStore(database: Database): DeviceStore {
  return {
    find: async (id) => await readDevice(database.run, id),
    optimistic: attemptOn(database.run, database.runThroughPrisma, false),
    locked: async (work) => await database.transaction(async (run) => await work(attemptOn(run, run, true))),
    queueJob: async (id, audit) => await queueCurrentSettings(database.runThroughPrisma, id, audit),
  };
}

function attemptOn(run: RunStatement, runWrite: RunStatement, lock: boolean): UpdateAttempt {
  return {
    read: async (id, macAddress) => await readDeviceForUpdate(run, id, macAddress, lock),
    write: async (id, version, write) => await writeDevice(runWrite, id, version, write),
  };
}
