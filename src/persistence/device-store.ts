import { type ProvisioningProgress, withProgress } from '../domain/device.js';
import type { AuditEntry } from './audit.js';
import type { Database, RunStatement } from './database.js';
import type { StoredDevice } from './device-row.js';
import type { ClaimedJob, JobTaker } from './provisioning-queue.js';
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

/** The devices of this database. @param jobs who brings the new jobs of devices on their way */
export function deviceStore({ run, runThroughPrisma, transaction }: Database, jobs: JobTaker): DeviceStore {
  return {
    find: async (id) => await readDevice(run, id),
    optimistic: {
      read: async (id, macAddress) => await readDeviceForUpdate(run, id, macAddress),
      write: async (id, version, write) => await writeAndStart(runThroughPrisma, jobs, id, version, write),
    },
    locked: async (work) => {
      const result = await transaction(async (inside) => await work(lockedAttempt(inside)));
      jobs.queued();
      return result;
    },
    queueJob: async (id, audit) => {
      const progress = await queueCurrentSettings(runThroughPrisma, id, audit);
      if (progress?.jobs === 1) jobs.queued();
      return progress;
    },
  };
}

function lockedAttempt(run: RunStatement): UpdateAttempt {
  return {
    read: async (id, macAddress) => await readDeviceForUpdate(run, id, macAddress, true),
    write: async (id, version, write) => await writeDevice(run, id, version, write),
  };
}

/** Writes a device, and starts its job at once if the worker has room and no other job of the device runs. */
async function writeAndStart(
  run: RunStatement,
  jobs: JobTaker,
  id: string,
  version: number,
  write: DeviceWrite,
): Promise<WriteOutcome> {
  const room = write.needsJob ? jobs.reserve() : undefined;
  let started: ClaimedJob | undefined;
  try {
    const outcome = await writeDevice(run, id, version, write, room);
    if (typeof outcome === 'string') return outcome;
    const { startedJob } = outcome;
    if (room !== undefined && startedJob !== null) {
      started = {
        id: startedJob,
        lease: room.lease,
        attempt: 1,
        device: withProgress(write.device, outcome),
      };
    }
    // One that waits for a job that runs is found when that one ends.
    if (write.needsJob && startedJob === null && outcome.jobs === 1) jobs.queued();
    return outcome;
  } finally {
    room?.settle(started);
  }
}
