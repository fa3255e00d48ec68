import type { Reach } from '../../domain/reach.js';
import { withProgress } from '../../domain/device.js';
import type { Database, RunStatement } from '../database/database.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import { batched, everyTurn } from '../database/batched.js';
import { keepKey, type WriteKey } from '../idempotency/idempotency-keys.js';
import type { ClaimedJob, JobDispatcher } from '../jobs/claim-jobs.js';
import { type DeviceLookup, type FoundDevice, readDevices } from './read-device.js';
import { type FoundPlace, lockPlace, type PlaceLookup, readPlaces } from './read-place.js';
import {
  type DeviceWrite,
  deviceWrites,
  type LeasedWrite,
  writeDevice,
  type WriteOutcome,
} from './write-device.js';

// Between an operation and a connection stand five layers, outermost first:
//   batch    requests of one turn of the event loop share a statement (database/batched.ts)
//   slot     a write that needs a job brings a free slot of this process's worker with it, or none (`writeAndStart`)
//   notify   after a statement that changes devices the change feed is notified (database/notifying-database.ts)
//   measure  how long each statement takes, by its name (database/instrumented-database.ts)
//   pool     a connection; writes reach it through Prisma's client (database/database.ts)
// Here the first two are joined; `Database` has the others inside.

/** One attempt at a write: read what it needs, then write what was decided. */
export interface WriteAttempt {
  /** Whether what it reads stays locked until its end. */
  readonly isLocked: boolean;
  readonly read: (lookup: DeviceLookup) => Promise<FoundDevice | undefined>;
  /** What a create needs, instead. */
  readonly readPlace: (lookup: PlaceLookup) => Promise<FoundPlace | undefined>;
  readonly write: (write: DeviceWrite) => Promise<WriteOutcome>;
  /** Keeps the key of a call that has nothing to write. @returns false when somebody else has used it */
  readonly keepKey: (key: WriteKey, deviceId: string) => Promise<boolean>;
}

/** Where devices are kept. Requests that arrive together are read, and written, by one statement. */
export interface DeviceStore {
  /** @param id in normal form; any text that is none finds nothing, as an id of no device does */
  readonly find: (reach: Reach, id: string) => Promise<StoredDevice | undefined>;
  /** For the usual write: one statement to read, one to write, no transaction. */
  readonly optimistic: WriteAttempt;
  /** For a write that others keep overtaking: its read locks the row until `work` is done. */
  readonly locked: <T>(work: (attempt: WriteAttempt) => Promise<T>) => Promise<T>;
}

/** The devices of this database. @param jobs what dispatches new jobs to workers */
export function deviceStore(database: Database, jobs: JobDispatcher): DeviceStore {
  const { run, transaction } = database;
  const lookUp = async (lookups: readonly DeviceLookup[]): ReturnType<typeof readDevices> =>
    await readDevices(run, lookups);
  // A query gains nothing by waiting for other batches, and is answered later. An update gains, as larger batches of reads make larger ones of writes.
  const find = batched(lookUp, everyTurn);
  const read = batched(lookUp);
  const readPlace = batched(async (lookups: readonly PlaceLookup[]) => await readPlaces(run, lookups));
  const writeLeased = deviceWrites(database);
  return {
    find: async (reach, id) => (await find({ id, macAddress: null, reach }))?.device,
    optimistic: {
      isLocked: false,
      read,
      readPlace,
      write: async (write) => await writeAndStart(writeLeased, jobs, write),
      keepKey: async (key, deviceId) => await keepKey(run, key, deviceId),
    },
    locked: async (work) => {
      const result = await transaction(async (inside) => await work(lockedAttempt(inside)));
      jobs.notifyQueued();
      return result;
    },
  };
}

function lockedAttempt(run: RunStatement): WriteAttempt {
  return {
    isLocked: true,
    read: async (lookup) => {
      const [found] = await readDevices(run, [lookup], true);
      if (found instanceof Error) throw found;
      return found;
    },
    readPlace: async (lookup) => await lockPlace(run, lookup),
    write: async (write) => await writeDevice(run, { ...write, lease: undefined }),
    keepKey: async (key, deviceId) => await keepKey(run, key, deviceId),
  };
}

/** Writes a device, and starts its job at once if the worker has a free slot and no other job of the device runs. */
async function writeAndStart(
  writeLeased: (write: LeasedWrite) => Promise<WriteOutcome>,
  jobs: JobDispatcher,
  write: DeviceWrite,
): Promise<WriteOutcome> {
  const slot = write.needsJob ? jobs.reserveSlot() : undefined;
  let started: ClaimedJob | undefined;
  try {
    const outcome = await writeLeased({ ...write, lease: slot });
    if (typeof outcome === 'string') return outcome;
    const { startedJob } = outcome;
    if (slot !== undefined && startedJob !== null) {
      started = {
        id: startedJob,
        lease: slot.lease,
        attempt: 1,
        kind: write.kind === 'delete' ? 'REMOVAL' : 'SETTINGS',
        isOutdated: false,
        device: withProgress(write.device, outcome),
      };
    }
    // One that waits for a job that runs is found when that one ends.
    if (write.needsJob && startedJob === null && outcome.jobs === 1) jobs.notifyQueued();
    return outcome;
  } finally {
    if (started === undefined) slot?.release();
    else slot?.assign(started);
  }
}
