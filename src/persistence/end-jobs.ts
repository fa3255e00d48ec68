import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError } from '../errors/gateway-error.js';
import type { RunStatement, Statement } from './database.js';
import type { ClaimedJob, JobEnd, ProvisioningQueue } from './provisioning-queue.js';
import { RowReader } from './row-reader.js';

/** Ends tries. Both statements are one: the batch leaves out what somebody else holds, so it never waits and is in nobody's way. */
const endStatement = (name: string, ifHeld: 'SKIP LOCKED' | ''): Statement => ({
  name,
  text: `WITH held AS (
      SELECT d.id AS device_id, d.state AS device_state, d.jobs, j.id, e.state, e.is_released, e.error, e.delay_ms
      FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::boolean[], $6::text[], $7::integer[])
        AS e(device_id, id, lease, state, is_released, error, delay_ms)
      JOIN network_device d ON d.id = e.device_id
      JOIN provisioning_job j ON j.device_id = e.device_id AND j.id = e.id AND j.lease = e.lease
      FOR NO KEY UPDATE OF d, j ${ifHeld}
    ), ended AS (
      UPDATE provisioning_job j SET
        state = next.state, error = CASE WHEN held.is_released THEN j.error ELSE held.error END, lease = NULL,
        attempts = j.attempts - held.is_released::integer, due_at = now() + held.delay_ms * interval '1 millisecond',
        finished_at = CASE WHEN next.state = 'QUEUED' THEN NULL ELSE now() END
      FROM held, LATERAL (
        SELECT CASE
          WHEN held.state = 'QUEUED' AND (held.jobs > 1 OR held.device_state = 'DELETING') THEN 'SUPERSEDED'
          ELSE held.state
        END::provisioning_job_state AS state
      ) next
      WHERE j.device_id = held.device_id AND j.id = held.id
      RETURNING j.device_id, j.state, held.jobs - (j.state <> 'QUEUED')::integer AS jobs_left
    ), written AS (
      UPDATE network_device d SET
        running_job_id = NULL, jobs = jobs_left,
        state = CASE WHEN jobs_left = 0 AND d.state = 'PROVISIONING' THEN 'ACTIVE' ELSE d.state END,
        provisioned = CASE WHEN jobs_left = 0 AND ended.state <> 'SUPERSEDED' THEN ended.state = 'APPLIED' ELSE d.provisioned END
      FROM ended WHERE d.id = ended.device_id
    ), noted AS (
      INSERT INTO device_change (device_id) SELECT device_id FROM ended WHERE state <> 'QUEUED'
    )
    SELECT device_id, state <> 'QUEUED' AND jobs_left > 0 AS has_next FROM ended`,
  kind: 'write',
});

const END_JOBS = endStatement('end-jobs', 'SKIP LOCKED');
const END_JOB = endStatement('end-job', '');

/** So long the ends of tries are gathered that come after another. */
const GATHER_MS = 20;
const MAX_AT_ONCE = 200;

interface EndedTry {
  readonly job: ClaimedJob;
  readonly end: JobEnd;
  readonly stored: (hasNext: boolean) => void;
  readonly failed: (error: unknown) => void;
}

/** Ends tries, those that end at nearly the same time in one statement; the fault of one is not the others'. */
export function jobEnds(run: RunStatement): ProvisioningQueue['end'] {
  const waiting: EndedTry[] = [];
  let isBusy = false;
  const endWaiting = async (): Promise<void> => {
    isBusy = true;
    while (waiting.length > 0) {
      const pause = delay(GATHER_MS, undefined, { ref: false });
      await endTogether(run, waiting.splice(0, MAX_AT_ONCE));
      await pause;
    }
    isBusy = false;
  };
  return async (job, end) =>
    await new Promise((stored, failed) => {
      waiting.push({ job, end, stored, failed });
      if (!isBusy) void endWaiting();
    });
}

async function endTogether(run: RunStatement, tries: readonly EndedTry[]): Promise<void> {
  let left = tries;
  try {
    const ended = await endedDevices(run, END_JOBS, tries);
    for (const { job, stored } of tries) {
      const hasNext = ended.get(job.device.id);
      if (hasNext !== undefined) stored(hasNext);
    }
    left = tries.filter(({ job }) => !ended.has(job.device.id));
  } catch (error) {
    // A database that is away is so for each of them.
    if (error instanceof GatewayError) {
      for (const { failed } of tries) failed(error);
      left = [];
    }
  }
  for (const one of left) void endAlone(run, one);
}

/** Waits for whoever holds the device. Nothing is ended when the lease was lost. */
async function endAlone(run: RunStatement, one: EndedTry): Promise<void> {
  try {
    const ended = await endedDevices(run, END_JOB, [one]);
    one.stored(ended.get(one.job.device.id) ?? false);
  } catch (error) {
    one.failed(error);
  }
}

/** Devices, numbers and leases of jobs, as statements take them. */
export function jobColumns(jobs: readonly ClaimedJob[]): readonly unknown[] {
  return [
    jobs.map(({ device }) => device.id),
    jobs.map(({ id }) => BigInt(`0x${id}`)),
    jobs.map(({ lease }) => lease),
  ];
}

/** @returns the devices whose tries were ended, and whether another job of theirs waits */
async function endedDevices(
  run: RunStatement,
  statement: Statement,
  tries: readonly EndedTry[],
): Promise<ReadonlyMap<string, boolean>> {
  const ends = tries.map(({ end }) => end);
  const rows = await run(statement, [
    ...jobColumns(tries.map(({ job }) => job)),
    ends.map(({ state }) => (state === 'RELEASED' ? 'QUEUED' : state)),
    ends.map(({ state }) => state === 'RELEASED'),
    ends.map((end) => ('error' in end ? end.error : null)),
    ends.map((end) => ('delayMs' in end ? end.delayMs : 0)),
  ]);
  return new Map(
    rows.map((raw) => {
      const row = RowReader.of(raw);
      return [row.text('device_id'), row.flag('has_next')];
    }),
  );
}
