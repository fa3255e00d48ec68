import type { ProvisioningProgress } from '../../domain/device.js';
import type { ProvisioningJobKind } from '../../domain/provisioning-job.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { RawRow } from '../database/database.js';
import { DEVICE_STATES } from '../rows/device-fields.js';
import { RowReader } from '../database/row-reader.js';

// Parts of the statements that queue a job. The devices are called `written`, which the statement has updated:
// whoever changes a job holds the lock of its device, so `jobs` and `running_job_id` are never out of step with the jobs.

/** What `written` returns of each device `d` and the row `w` of `requested` that it was written by; beside it, `started_id` is the job that starts at once, if one does. */
export const WRITTEN_COLUMNS = `d.id, d.customer_id AS owner_id, d.version, d.state::text AS state, d.jobs, d.provisioned, d.waits_for_device_id IS NOT NULL AS waits,
  w.place, w.needs_job, w.lease, w.lease_ms, w.audit, w.key`;

/**
 * Sets a device `d` to be provisioned anew by a job that waits; a job that runs goes on beside the new one.
 * @param needsJob the condition under which it is
 */
export const provisionedAnewIf = (needsJob: string): string => `
  state = CASE WHEN ${needsJob} THEN 'PROVISIONING' ELSE d.state END,
  provisioned = CASE WHEN ${needsJob} THEN false ELSE d.provisioned END,
  jobs = CASE WHEN ${needsJob} THEN 1 + (d.running_job_id IS NOT NULL)::integer ELSE d.jobs END`;

/**
 * A worker's lease starts the job at once if the device has no other open job and nothing has to end first; the number of the new
 * job is drawn under the device's lock. A job that waits is replaced by one that waits: if it went back to the queue while the
 * statement waited for the lock, the statement does not see it, and only the unique index of jobs that wait shows it (`isOvertaken`).
 * @param waitsFor the device that has to end first
 */
export const startedIfFree = (
  waitsFor = 'd.waits_for_device_id',
): string => `running_job_id = CASE WHEN w.needs_job AND w.lease IS NOT NULL AND d.jobs = 0
  AND ${waitsFor} IS NULL THEN nextval('provisioning_job_id_seq') ELSE d.running_job_id END`;

/** The columns of a job that say when it is due, from `start`. The build before claims by `due_at`: never a removal, and nothing that waits for the end of another device. */
const DUE: Readonly<Record<ProvisioningJobKind, string>> = {
  SETTINGS: `CASE WHEN w.waits THEN 'infinity' ELSE start.due_at END, NULL::timestamptz`,
  REMOVAL: `'infinity'::timestamptz, CASE WHEN w.waits THEN 'infinity' ELSE start.due_at END`,
};

/** Sets when a job `j` is due: `due_at` of a removal stays at infinity, so that the build before leaves it alone. */
export const dueAfter = (milliseconds: string): string => `
        due_at = CASE j.kind WHEN 'SETTINGS' THEN now() + ${milliseconds} * interval '1 millisecond' ELSE 'infinity' END,
        removal_due_at = CASE j.kind WHEN 'REMOVAL' THEN now() + ${milliseconds} * interval '1 millisecond' END`;

/** The new jobs take the places of those that wait. `written` says for each device what starts its job, if anything does. */
export const queueJobs = (kind: ProvisioningJobKind): string => `superseded AS (
    UPDATE provisioning_job j SET state = 'SUPERSEDED', finished_at = now()
    FROM written w WHERE w.needs_job AND j.device_id = w.id AND j.state = 'QUEUED' RETURNING j.id
  ), queued AS (
    INSERT INTO provisioning_job (id, device_id, version, kind, state, lease, attempts, started_at, due_at, removal_due_at)
    SELECT coalesce(w.started_id, nextval('provisioning_job_id_seq')), w.id, w.version, '${kind}',
      start.state, start.lease, start.attempts, start.started_at, ${DUE[kind]}
    FROM written w, LATERAL (
      SELECT 'RUNNING'::provisioning_job_state AS state, w.lease, 1 AS attempts, now() AS started_at,
        now() + w.lease_ms * interval '1 millisecond' AS due_at
      WHERE w.started_id IS NOT NULL
      UNION ALL SELECT 'QUEUED', NULL, 0, NULL, now() WHERE w.started_id IS NULL
    ) start WHERE w.needs_job AND (SELECT count(*) FROM superseded) >= 0
  )`;

/** Adds the changes for subscribers, who get them when they are committed. */
export const NOTE_CHANGE = `noted AS (INSERT INTO device_change (device_id) SELECT id FROM written)`;

/** Reads the progress out of a row of `written`. */
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
