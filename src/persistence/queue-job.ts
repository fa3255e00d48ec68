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

/** Sets a device to be provisioned anew; a job that runs goes on beside the new one. */
export const PROVISIONED_ANEW = `state = 'PROVISIONING', provisioned = false,
  jobs = 1 + (running_job_id IS NOT NULL)::integer`;

/** The new job takes the place of one that waits. */
export const QUEUE_JOB = `superseded AS (
  UPDATE provisioning_job j SET state = 'SUPERSEDED', finished_at = now()
  FROM written w WHERE j.device_id = w.id AND j.state = 'QUEUED' RETURNING j.id
), queued AS (
  INSERT INTO provisioning_job (device_id, version)
  SELECT w.id, w.version FROM written w WHERE (SELECT count(*) FROM superseded) >= 0
)`;

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
    ), ${QUEUE_JOB}, ${NOTE_CHANGE}, ${auditPart(2)} SELECT * FROM written`,
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
