import { withProgress } from '../../domain/device.js';
import type { Database, RunStatement } from '../database/database.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import { gathered } from '../database/batched.js';
import { keepKey, type WriteKey } from '../idempotency/idempotency-keys.js';
import type { ClaimedJob, JobTaker } from '../jobs/claim-jobs.js';
import { type DeviceWish, type FoundDevice, readDevices } from './read-device.js';
import type { ListScope } from './reach.js';
import {
  type DeviceWrite,
  deviceWrites,
  type LeasedWrite,
  writeDevice,
  type WriteOutcome,
} from './write-device.js';

/** One attempt at a write: read what it needs, then write what was decided. */
export interface WriteAttempt {
  readonly read: (wish: DeviceWish) => Promise<FoundDevice | undefined>;
  readonly write: (write: DeviceWrite) => Promise<WriteOutcome>;
  /** Keeps the key of a call that has nothing to write. @returns false when somebody else has used it */
  readonly keepKey: (key: WriteKey, deviceId: string) => Promise<boolean>;
}

/** Where devices are kept. What several requests want at the same moment is read, and written, by one statement. */
export interface DeviceStore {
  /** @param id in normal form; any text that is none finds nothing, as an id of no device does */
  readonly find: (scope: ListScope, id: string) => Promise<StoredDevice | undefined>;
  /** For the usual write: one statement to read, one to write, no transaction. */
  readonly optimistic: WriteAttempt;
  /** For a write that others keep overtaking: its read locks the row until `work` is done. */
  readonly locked: <T>(work: (attempt: WriteAttempt) => Promise<T>) => Promise<T>;
}

/** The devices of this database. @param jobs who brings the new jobs of devices on their way */
export function deviceStore({ run, runThroughPrisma, transaction }: Database, jobs: JobTaker): DeviceStore {
  const read = gathered(async (wishes: readonly DeviceWish[]) => await readDevices(run, wishes));
  const write = deviceWrites(runThroughPrisma);
  return {
    find: async (scope, id) => (await read({ id, macAddress: null, scope }))?.device,
    optimistic: {
      read,
      write: async (wish) => await writeAndStart(write, jobs, wish),
      keepKey: async (key, deviceId) => await keepKey(run, key, deviceId),
    },
    locked: async (work) => {
      const result = await transaction(async (inside) => await work(lockedAttempt(inside)));
      jobs.queued();
      return result;
    },
  };
}

function lockedAttempt(run: RunStatement): WriteAttempt {
  return {
    read: async (wish) => {
      const [found] = await readDevices(run, [wish], true);
      if (found instanceof Error) throw found;
      return found;
    },
    write: async (write) => await writeDevice(run, { ...write, lease: undefined }),
    keepKey: async (key, deviceId) => await keepKey(run, key, deviceId),
  };
}

/** Writes a device, and starts its job at once if the worker has room and no other job of the device runs. */
async function writeAndStart(
  writeLeased: (write: LeasedWrite) => Promise<WriteOutcome>,
  jobs: JobTaker,
  write: DeviceWrite,
): Promise<WriteOutcome> {
  const room = write.needsJob ? jobs.reserve() : undefined;
  let started: ClaimedJob | undefined;
  try {
    const outcome = await writeLeased({ ...write, lease: room });
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
