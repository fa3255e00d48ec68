import type { Reach } from '../../domain/reach.js';
import type { ProvisioningProgress } from '../../domain/device.js';
import type { ProvisioningJobKind } from '../../domain/provisioning-job.js';
import { AUDIT_CHANGE, auditColumns, type AuditEntry } from '../rows/audit.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { Database, RunStatement, Statement } from '../database/database.js';
import type { StoredDevice } from '../../secrets/device-secrets.js';
import { batchedWrites, rowWaits } from '../database/batched.js';
import { isKeyTaken, KEEP_KEY, keyColumns, type WriteKey } from '../idempotency/idempotency-keys.js';
import type { JobLease } from '../jobs/claim-jobs.js';
import { DELETE_DEVICE, END_DEVICE } from './delete-device.js';
import { CREATE_DEVICE, CREATE_DEVICE_TAKING_MAC } from './create-device.js';
import { isOvertaken, NOTE_CHANGE, queueJobs, toProgress } from '../jobs/queue-job.js';
import type { IfHeld } from '../database/sql-builder.js';
import { customerOf } from './reach.js';
import { RowReader } from '../database/row-reader.js';
import { oldValues } from '../rows/old-values.js';
import { settingsColumns } from '../rows/settings-columns.js';
import {
  REPLACE_DEVICE,
  REPLACE_DEVICE_TAKING_MAC,
  UPDATE_DEVICE,
  UPDATE_DEVICE_TAKING_MAC,
} from './update-device.js';

// The one way to write a device. A kind of write says how rows become those of `written`; what goes with each of them is
// the same for all kinds: the job, the change for subscribers, the audit entry and the idempotency key, in one statement, written with it or not at all.

/** What is to be written of one device. */
export interface DeviceWrite {
  /** `replace` is an update that brings other hardware, `delete` queues the removal of a device, `end` ends it at once. */
  readonly kind: 'update' | 'replace' | 'create' | 'delete' | 'end';
  /** The device as it is to be. */
  readonly device: StoredDevice;
  /** The device as it was read: nothing is written unless it is stored at this version. */
  readonly before: StoredDevice;
  /** Whose devices may be written. */
  readonly reach: Reach;
  /** Whether the settings are to be brought to the device. */
  readonly needsJob: boolean;
  /** Whether its MAC address is another device's that gives it up. */
  readonly takesMac?: boolean;
  /** Of a create: maximum number of devices that the customer may have with it; null for any number. */
  readonly deviceLimit?: number | null;
  readonly audit: AuditEntry;
  /** Undefined for a call without an idempotency key. */
  readonly key: WriteKey | undefined;
}

/** The same with the lease of a worker that has a slot for the job. */
export interface LeasedWrite extends DeviceWrite {
  readonly lease: JobLease | undefined;
}

/**
 * How a write ended: `outdated` when somebody else changed the device, or whose it is, since it was read, `mac-taken` when
 * somebody took the MAC, `key-taken` when somebody used the idempotency key.
 */
export type WriteOutcome = WrittenDevice | 'outdated' | 'mac-taken' | 'key-taken';

interface WrittenDevice extends ProvisioningProgress {
  /** The job that was started with the lease; null when the job waits in the queue, and when there is none. */
  readonly startedJob: string | null;
}

/**
 * The part of a statement that writes rows: the queries `held`, the rows of `requested` that it decides on, and `written`, which
 * returns `WRITTEN_COLUMNS` of those that were written.
 */
export type WriteRows = (ifHeld: IfHeld) => string;

/** The columns of `requested`: what `toRow` makes of a write. */
const WRITE_COLUMNS = `place integer, device network_device, base_version integer, reach text, customer_id text,
  needs_job boolean, device_limit integer, lease uuid, lease_ms integer, audit device_audit, key idempotency_key`;

/** @param keepKey what keeps the keys of the writes, where there are any: without them nothing of it costs anything */
function writeStatement(name: string, rows: string, job: ProvisioningJobKind, keepKey = ''): Statement {
  return {
    name,
    text: `WITH requested AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w(${WRITE_COLUMNS})),
      ${rows}, ${queueJobs(job)}, ${NOTE_CHANGE}, ${AUDIT_CHANGE}${keepKey}
      SELECT held.place, w.id IS NOT NULL AS is_written, w.state, w.jobs, w.provisioned,
        lpad(to_hex(w.started_id), 24, '0') AS started_job
      FROM held LEFT JOIN written w USING (place)`,
    onLostConnection: 'unknown',
    changesDevices: true,
  };
}

/** The statements of one kind: of a batch, and of one write that waits for its row. */
interface KindStatements {
  readonly batch: WithOrWithoutKeys;
  readonly single: WithOrWithoutKeys;
}

interface WithOrWithoutKeys {
  readonly plain: Statement;
  readonly keyed: Statement;
}

const withOrWithoutKeys = (name: string, rows: string, job: ProvisioningJobKind): WithOrWithoutKeys => ({
  plain: writeStatement(name, rows, job),
  keyed: writeStatement(`${name}-once`, rows, job, `, ${KEEP_KEY}`),
});

const kind = (name: string, writeRows: WriteRows, job: ProvisioningJobKind = 'SETTINGS'): KindStatements => ({
  batch: withOrWithoutKeys(`${name}s`, writeRows('SKIP LOCKED'), job),
  single: withOrWithoutKeys(name, writeRows(''), job),
});

/** Every kind of write. */
const KINDS: Readonly<Record<DeviceWrite['kind'], KindStatements>> = {
  update: kind('write-device', UPDATE_DEVICE),
  replace: kind('replace-device', REPLACE_DEVICE),
  create: kind('create-device', CREATE_DEVICE),
  delete: kind('delete-device', DELETE_DEVICE, 'REMOVAL'),
  end: kind('end-device', END_DEVICE),
};

/** The same for writes that take the MAC address of another device, one at a time. */
const TAKING_MAC: Readonly<Partial<Record<DeviceWrite['kind'], WithOrWithoutKeys>>> = {
  update: withOrWithoutKeys('write-device-taking-mac', UPDATE_DEVICE_TAKING_MAC(''), 'SETTINGS'),
  replace: withOrWithoutKeys('replace-device-taking-mac', REPLACE_DEVICE_TAKING_MAC(''), 'SETTINGS'),
  create: withOrWithoutKeys('create-device-taking-mac', CREATE_DEVICE_TAKING_MAC(''), 'SETTINGS'),
};

/** Writes devices: those that arrive together by one statement for each kind. */
export function deviceWrites({
  runThroughPrisma: run,
  pool,
}: Pick<Database, 'runThroughPrisma' | 'pool'>): (write: LeasedWrite) => Promise<WriteOutcome> {
  const inTurn = rowWaits(() => pool().longestWaitMs);
  const writeAlone = async (write: LeasedWrite): Promise<WriteOutcome> =>
    await inTurn(async () => await writeDevice(run, write));
  const writesOf = ({ batch }: KindStatements): ((write: LeasedWrite) => Promise<WriteOutcome>) =>
    batchedWrites({
      batch: async (writes) => {
        const isFirst = firstsOfKeys(writes);
        const outcomes = await outcomesOf(
          run,
          batch,
          writes.filter((_, place) => isFirst[place]),
        );
        return isFirst.map((isWritten) => (isWritten ? outcomes.shift() : undefined));
      },
      single: writeAlone,
    });
  const byKind = {
    update: writesOf(KINDS.update),
    replace: writesOf(KINDS.replace),
    create: writesOf(KINDS.create),
    delete: writesOf(KINDS.delete),
    end: writesOf(KINDS.end),
  };
  return async (write) => await (write.takesMac === true ? writeAlone : byKind[write.kind])(write);
}

/** Writes one device, and waits for its row where somebody else holds it. */
export async function writeDevice(run: RunStatement, write: LeasedWrite): Promise<WriteOutcome> {
  try {
    const { single } = KINDS[write.kind];
    const statements = (write.takesMac === true ? TAKING_MAC[write.kind] : undefined) ?? single;
    const [outcome] = await outcomesOf(run, statements, [write]);
    return outcome ?? 'outdated';
  } catch (error) {
    if (brokenConstraint(error) === 'network_device_mac_address_key') return 'mac-taken';
    if (isKeyTaken(error)) return 'key-taken';
    if (isOvertaken(error) || isModelGone(error)) return 'outdated';
    throw error;
  }
}

/** The model of a new device went away since it was read. */
function isModelGone(error: unknown): boolean {
  return brokenConstraint(error) === 'network_device_model_id_fkey';
}

/** Whether a write is the first with its key among these: a second one would undo them all, so it is done alone. */
function firstsOfKeys(writes: readonly LeasedWrite[]): readonly boolean[] {
  const seen = new Set<string>();
  return writes.map(({ key }) => {
    if (key === undefined) return true;
    const isFirst = !seen.has(key.keyDigest);
    seen.add(key.keyDigest);
    return isFirst;
  });
}

/** @returns same length and order; undefined for a device that is not there, or not free */
async function outcomesOf(
  run: RunStatement,
  { plain, keyed }: WithOrWithoutKeys,
  writes: readonly LeasedWrite[],
): Promise<(WriteOutcome | undefined)[]> {
  const hasKeys = writes.some(({ key }) => key !== undefined);
  const rows = await run(hasKeys ? keyed : plain, [JSON.stringify(writes.map(toRow))]);
  const outcomes = new Map(
    rows.map((raw) => {
      const row = RowReader.of(raw);
      const written = (): WriteOutcome => ({
        ...toProgress(raw),
        startedJob: row.textOrNull('started_job'),
      });
      return [row.int('place'), row.flag('is_written') ? written() : 'outdated'];
    }),
  );
  return writes.map((_, place) => outcomes.get(place));
}

function toRow(write: LeasedWrite, place: number): object {
  const { device, before, reach, needsJob, audit, key, lease } = write;
  const { id, version, updatedAt } = device;
  const origin = { customer_id: device.customer.id, model_id: device.model.id };
  return {
    place,
    device: {
      id,
      version,
      updated_at: updatedAt,
      ...((write.kind === 'create' || write.kind === 'replace') && origin),
      ...settingsColumns(device),
    },
    base_version: before.version,
    reach: reach.kind,
    customer_id: customerOf(reach),
    needs_job: needsJob,
    ...(write.deviceLimit !== undefined && { device_limit: write.deviceLimit }),
    lease: lease?.lease ?? null,
    lease_ms: lease?.leaseMs ?? null,
    audit: auditColumns(audit, oldValues(before, device.version, audit.paths)),
    key: key === undefined ? null : keyColumns(key),
  };
}
