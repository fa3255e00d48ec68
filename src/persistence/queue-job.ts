import type { ProvisioningProgress } from '../domain/device.js';
import { type AuditEntry, auditPart, auditValues } from './audit.js';
import { brokenConstraint } from './database-faults.js';
import type { RawRow, RunStatement, Statement } from './database.js';
import { DEVICE_STATES } from './device-row.js';
import { RowReader } from './row-reader.js';

// Parts of the statements that queue a job. They speak of the device as `written`, which the statement has updated:
// whoever changes a job holds the lock of its device, so `jobs` and `running_job_id` are never out of step with the jobs.

/** What `written` returns. */
export const PROGRESS_COLUMNS = 'id, version, state::text AS state, jobs, provisioned';

/** Sets a device to be provisioned anew by a job that waits; a job that runs goes on beside the new one. */
const PROVISIONED_ANEW = `state = 'PROVISIONING', provisioned = false,
  jobs = 1 + (running_job_id IS NOT NULL)::integer`;

/** The new job takes the place of one that waits. */
const SUPERSEDED = `superseded AS (
  UPDATE provisioning_job j SET state = 'SUPERSEDED', finished_at = now()
  FROM written w WHERE j.device_id = w.id AND j.state = 'QUEUED' RETURNING j.id
)`;

/** Parts of a statement whose new job may be started at once, by the worker that has room for it. */
export interface StartedJobParts {
  /** What `written` sets. */
  readonly set: string;
  /** What it returns. */
  readonly columns: string;
  /** The job. */
  readonly job: string;
}

/**
 * The job starts at once if there is a lease and no other job of the device runs; otherwise it waits in the queue.
 * Its number is drawn when the device's lock is had, so the newest job of a device has the highest. `jobs` is 1 only if none ran.
 * @param first the number of the first of two parameters: the lease, or null, and how long it lasts in milliseconds
 */
export function startedJobParts(first: number): StartedJobParts {
  const [lease, milliseconds] = [`$${first}::uuid`, `$${first + 1}::integer`];
  return {
    set: `${PROVISIONED_ANEW}, running_job_id = CASE
      WHEN running_job_id IS NULL AND ${lease} IS NOT NULL THEN nextval('provisioning_job_id_seq') ELSE running_job_id END`,
    columns: `${PROGRESS_COLUMNS}, CASE WHEN jobs = 1 THEN running_job_id END AS started_id,
      lpad(to_hex(CASE WHEN jobs = 1 THEN running_job_id END), 24, '0') AS started_job`,
    job: `${SUPERSEDED}, queued AS (
      INSERT INTO provisioning_job (id, device_id, version, state, lease, attempts, started_at, due_at)
      SELECT coalesce(w.started_id, nextval('provisioning_job_id_seq')), w.id, w.version, start.*
      FROM written w, LATERAL (
        SELECT 'RUNNING'::provisioning_job_state, ${lease}, 1, now(), now() + ${milliseconds} * interval '1 millisecond'
        WHERE w.started_id IS NOT NULL
        UNION ALL SELECT 'QUEUED', NULL, 0, NULL, now() WHERE w.started_id IS NULL
      ) start WHERE (SELECT count(*) FROM superseded) >= 0
    )`,
  };
}

/** Tells subscribers of the change, when it is committed. */
export const NOTE_CHANGE = `noted AS (INSERT INTO device_change (device_id) SELECT id FROM written)`;

/** Reads one row of `PROGRESS_COLUMNS`. */
export function toProgress(raw: RawRow): ProvisioningProgress {
  const row = RowReader.of(raw);
  return {
    state: row.oneOf('state', DEVICE_STATES),
    jobs: row.int('jobs'),
    provisioned: row.flagOrNull('provisioned'),
  };
}

/** Somebody else queued a job for the device between the statement's snapshot and its lock; the statement is run again. */
export function isOvertaken(error: unknown): boolean {
  return brokenConstraint(error) === 'provisioning_job_one_queued';
}

const QUEUE_CURRENT_SETTINGS: Statement = {
  name: 'queue-current-settings',
  text: `WITH written AS (
      UPDATE network_device SET ${PROVISIONED_ANEW} WHERE id = $1 AND state <> 'DELETING'
      RETURNING ${PROGRESS_COLUMNS}
    ), ${SUPERSEDED}, queued AS (
      INSERT INTO provisioning_job (device_id, version)
      SELECT w.id, w.version FROM written w WHERE (SELECT count(*) FROM superseded) >= 0
    ), ${NOTE_CHANGE}, ${auditPart(2)} SELECT * FROM written`,
  kind: 'write',
};

/** Queues a job for a device as it is; undefined for one that is gone or being deleted. */
export async function queueCurrentSettings(
  run: RunStatement,
  id: string,
  audit: AuditEntry,
): Promise<ProvisioningProgress | undefined> {
  try {
    const [row] = await run(QUEUE_CURRENT_SETTINGS, [id, ...auditValues(audit)]);
    return row && toProgress(row);
  } catch (error) {
    if (isOvertaken(error)) return await queueCurrentSettings(run, id, audit);
    throw error;
  }
}
