import type { ProvisioningProgress } from '../../domain/device.js';
import { brokenConstraint } from '../database/database-errors.js';
import type { RawRow } from '../database/database.js';
import { DEVICE_STATES } from '../rows/device-row.js';
import { RowReader } from '../database/row-reader.js';

// Parts of the statements that queue a job. They speak of the devices as `written`, which the statement has updated:
// whoever changes a job holds the lock of its device, so `jobs` and `running_job_id` are never out of step with the jobs.

/** What `written` returns of each device `d` and the row `w` of `requested` that it was written by; beside it, `started_id` is the job that starts at once, if one does. */
export const WRITTEN_COLUMNS = `d.id, d.version, d.state::text AS state, d.jobs, d.provisioned,
  w.place, w.needs_job, w.lease, w.lease_ms, w.audit, w.key`;

/**
 * Sets a device `d` to be provisioned anew by a job that waits; a job that runs goes on beside the new one.
 * @param needsJob the condition under which it is
 */
export const provisionedAnewIf = (needsJob: string): string => `
  state = CASE WHEN ${needsJob} THEN 'PROVISIONING' ELSE d.state END,
  provisioned = CASE WHEN ${needsJob} THEN false ELSE d.provisioned END,
  jobs = CASE WHEN ${needsJob} THEN 1 + (d.running_job_id IS NOT NULL)::integer ELSE d.jobs END`;

/** The new jobs take the places of those that wait. `written` says for each device what starts its job, if anything does. */
export const QUEUE_JOBS = `superseded AS (
    UPDATE provisioning_job j SET state = 'SUPERSEDED', finished_at = now()
    FROM written w WHERE w.needs_job AND j.device_id = w.id AND j.state = 'QUEUED' RETURNING j.id
  ), queued AS (
    INSERT INTO provisioning_job (id, device_id, version, state, lease, attempts, started_at, due_at)
    SELECT coalesce(w.started_id, nextval('provisioning_job_id_seq')), w.id, w.version, start.*
    FROM written w, LATERAL (
      SELECT 'RUNNING'::provisioning_job_state, w.lease, 1, now(), now() + w.lease_ms * interval '1 millisecond'
      WHERE w.started_id IS NOT NULL
      UNION ALL SELECT 'QUEUED', NULL, 0, NULL, now() WHERE w.started_id IS NULL
    ) start WHERE w.needs_job AND (SELECT count(*) FROM superseded) >= 0
  )`;

/** Tells subscribers of the changes, when they are committed. */
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
