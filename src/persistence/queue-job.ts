import type { ProvisioningProgress } from '../domain/device.js';
import { AUDIT_CHANGE, auditColumns, type AuditEntry } from './audit.js';
import { brokenConstraint } from './database-faults.js';
import type { RawRow, RunStatement, Statement } from './database.js';
import { DEVICE_STATES } from './device-row.js';
import { customerOf, isReached, type ListScope } from './reach.js';
import { RowReader } from './row-reader.js';

// Parts of the statements that queue a job. They speak of the devices as `written`, which the statement has updated:
// whoever changes a job holds the lock of its device, so `jobs` and `running_job_id` are never out of step with the jobs.

/** What `written` returns of each device `d`. */
export const PROGRESS_COLUMNS = 'd.id, d.version, d.state::text AS state, d.jobs, d.provisioned';

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
  // The row is locked first, so that reach is judged after the wait.
  text: `WITH held AS (
      SELECT d.id FROM network_device d WHERE d.id = $1 FOR NO KEY UPDATE
    ), written AS (
      UPDATE network_device d SET ${provisionedAnewIf('true')}
      FROM held WHERE d.id = held.id AND d.state <> 'DELETING' AND ${isReached('$3::text', '$4::text')}
      RETURNING ${PROGRESS_COLUMNS}, true AS needs_job, NULL::bigint AS started_id, NULL::uuid AS lease, 0 AS lease_ms,
        jsonb_populate_record(NULL::device_audit, $2::jsonb) AS audit
    ), ${QUEUE_JOBS}, ${NOTE_CHANGE}, ${AUDIT_CHANGE} SELECT state, jobs, provisioned FROM written`,
  onLostConnection: 'unknown',
  changesDevices: true,
};

/** Queues a job for a device as it is; undefined for one that is out of reach, gone or being deleted. */
export async function queueCurrentSettings(
  run: RunStatement,
  scope: ListScope,
  id: string,
  audit: AuditEntry,
): Promise<ProvisioningProgress | undefined> {
  try {
    const [row] = await run(QUEUE_CURRENT_SETTINGS, [
      id,
      JSON.stringify(auditColumns(audit)),
      scope.kind,
      customerOf(scope),
    ]);
    return row && toProgress(row);
  } catch (error) {
    if (isOvertaken(error)) return await queueCurrentSettings(run, scope, id, audit);
    throw error;
  }
}
