import type { RunStatement, Statement } from '../database/database.js';
import { throttled, batchedWrites } from '../database/batched.js';
import type { HeldJob, JobEnd, ProvisioningQueue } from './claim-jobs.js';
import { dueAfter } from './queue-job.js';
import { RowReader } from '../database/row-reader.js';
import { type IfHeld, unsizedIds } from '../database/sql-builder.js';

/** What ends a removal: its device goes. */
const REMOVED = `, removed AS (
      DELETE FROM network_device d USING ended WHERE d.id = ended.device_id AND ended.is_removed
      RETURNING d.id, d.customer_id, d.version
    ), gone AS (
      INSERT INTO device_change (device_id, gone_customer_id, gone_version) SELECT id, customer_id, version FROM removed
    )`;

/** @param removed what ends removals as well. It is left out where there are none: unused, it costs a quarter of the rest */
const endStatement = (name: string, ifHeld: IfHeld, removed = ''): Statement => ({
  name,
  text: `WITH held AS (
      SELECT d.id AS device_id, d.state AS device_state, d.jobs, d.shown_mac_address IS NOT NULL AS is_given_up, j.id, j.kind, e.state, e.is_released, e.error, e.delay_ms
      FROM unnest(${unsizedIds('$1')}, $2::bigint[], $3::uuid[], $4::text[], $5::boolean[], $6::text[], $7::integer[])
        AS e(device_id, id, lease, state, is_released, error, delay_ms)
      JOIN network_device d ON d.id = e.device_id
      JOIN provisioning_job j ON j.device_id = e.device_id AND j.id = e.id AND j.lease = e.lease
      FOR NO KEY UPDATE OF d, j ${ifHeld}
    ), ended AS (
      UPDATE provisioning_job j SET
        state = next.state, error = CASE WHEN held.is_released THEN j.error ELSE held.error END, lease = NULL,
        attempts = j.attempts - held.is_released::integer, ${dueAfter('held.delay_ms')},
        finished_at = CASE WHEN next.state = 'QUEUED' THEN NULL ELSE now() END
      FROM held, LATERAL (
        SELECT CASE
          WHEN held.state = 'QUEUED' AND held.kind = 'SETTINGS' AND (held.jobs > 1 OR held.device_state = 'DELETING') THEN 'SUPERSEDED'
          ELSE held.state
        END::provisioning_job_state AS state
      ) next
      WHERE j.device_id = held.device_id AND j.id = held.id
      RETURNING j.device_id, j.state, held.jobs - (j.state <> 'QUEUED')::integer AS jobs_left, held.is_given_up,
        j.kind = 'REMOVAL' AS is_removal, j.kind = 'REMOVAL' AND j.state = 'APPLIED' AS is_removed
    ), written AS (
      UPDATE network_device d SET
        running_job_id = NULL, jobs = jobs_left,
        state = CASE WHEN jobs_left = 0 AND d.state = 'PROVISIONING' THEN 'ACTIVE' ELSE d.state END,
        has_open_removal = d.has_open_removal AND NOT (ended.is_removal AND ended.state = 'FAILED'),
        provisioned = CASE WHEN jobs_left = 0 AND NOT ended.is_removal AND ended.state <> 'SUPERSEDED' THEN ended.state = 'APPLIED' ELSE d.provisioned END
      FROM ended WHERE d.id = ended.device_id AND NOT ended.is_removed
    ), noted AS (
      INSERT INTO device_change (device_id) SELECT device_id FROM ended WHERE state <> 'QUEUED' AND NOT is_removed
    )${removed}
    SELECT device_id, state <> 'QUEUED' AND jobs_left > 0 OR is_given_up AS has_next FROM ended`,
  onLostConnection: 'unknown',
  changesDevices: true,
});

/** The statements that end attempts: one text but for removals. */
interface EndStatements {
  /** For jobs that bring settings to devices. */
  readonly settings: Statement;
  /** For removals, and for both kinds together. */
  readonly removals: Statement;
}

const endStatements = (name: string, ifHeld: IfHeld): EndStatements => ({
  settings: endStatement(name, ifHeld),
  removals: endStatement(`${name}-with-removals`, ifHeld, REMOVED),
});

const END_JOBS = endStatements('end-jobs', 'SKIP LOCKED');
const END_JOB = endStatements('end-job', '');

/** Minimum time between two batches of ended attempts. Only a client that watches the device notices it; an end that comes alone is stored at once. */
const BATCH_MS = 50;

interface EndedAttempt {
  readonly job: HeldJob;
  readonly end: JobEnd;
}

/** Ends attempts, those that end at nearly the same time by one statement; nothing is ended when the lease was lost. */
export function jobEnds(run: RunStatement): ProvisioningQueue['end'] {
  const end = batchedWrites({
    batch: async (attempts: readonly EndedAttempt[]) => await endAttempts(run, END_JOBS, attempts),
    single: async (one) => (await endAttempts(run, END_JOB, [one]))[0] ?? false,
    schedule: throttled(BATCH_MS),
  });
  return async (job, how) => await end({ job, end: how });
}

/** Devices, numbers and leases of jobs, as statements take them. */
export function jobColumns(jobs: readonly HeldJob[]): readonly unknown[] {
  return [
    jobs.map(({ device }) => device.id),
    jobs.map(({ id }) => BigInt(`0x${id}`)),
    jobs.map(({ lease }) => lease),
  ];
}

/** @returns for each attempt whether another job of its device waits; undefined for those that were not ended */
async function endAttempts(
  run: RunStatement,
  { settings, removals }: EndStatements,
  attempts: readonly EndedAttempt[],
): Promise<readonly (boolean | undefined)[]> {
  const ends = attempts.map(({ end }) => end);
  const statement = attempts.some(({ job }) => job.kind === 'REMOVAL') ? removals : settings;
  const rows = await run(statement, [
    ...jobColumns(attempts.map(({ job }) => job)),
    ends.map(({ state }) => (state === 'RELEASED' ? 'QUEUED' : state)),
    ends.map(({ state }) => state === 'RELEASED'),
    ends.map((end) => ('error' in end ? end.error : null)),
    ends.map((end) => ('delayMs' in end ? end.delayMs : 0)),
  ]);
  const ended = new Map(
    rows.map((raw) => {
      const row = RowReader.of(raw);
      return [row.text('device_id'), row.flag('has_next')];
    }),
  );
  return attempts.map(({ job }) => ended.get(job.device.id));
}
