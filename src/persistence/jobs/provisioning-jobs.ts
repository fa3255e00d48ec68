import type { ProvisioningJob, ProvisioningJobState } from '../../domain/provisioning-job.js';
import type { Database, RawRow, Statement } from '../database/database.js';
import { JOB_ID, JOB_KINDS } from './claim-jobs.js';
import { RowReader, UnreadableRowError } from '../database/row-reader.js';
import { unsizedIds } from '../database/sql-builder.js';

const STATES: readonly ProvisioningJobState[] = ['QUEUED', 'RUNNING', 'APPLIED', 'FAILED', 'SUPERSEDED'];

const LIST_JOBS: Statement = {
  name: 'list-jobs',
  text: `SELECT ${JOB_ID} AS id, j.device_id, j.version, j.kind::text AS kind, j.state::text AS state, j.attempts, j.error,
      j.created_at, j.started_at, j.finished_at
    FROM unnest(${unsizedIds('$1')}) AS wanted(device_id) CROSS JOIN LATERAL (
      SELECT * FROM provisioning_job j
      WHERE j.device_id = wanted.device_id
        AND ($2::provisioning_job_state[] IS NULL OR j.state = ANY($2::provisioning_job_state[]))
      ORDER BY j.id DESC LIMIT $3
    ) j`,
  onLostConnection: 'nothing-written',
};

const COUNT_OPEN_JOBS: Statement = {
  name: 'count-open-jobs',
  text: `SELECT count(*) FILTER (WHERE state = 'QUEUED')::integer AS queued,
      count(*) FILTER (WHERE state = 'RUNNING')::integer AS running,
      coalesce(max(extract(epoch FROM now() - coalesce(removal_due_at, due_at))) FILTER (
        WHERE state = 'QUEUED' AND coalesce(removal_due_at, due_at) < now()), 0)::integer AS oldest_due_seconds
    FROM provisioning_job WHERE state IN ('QUEUED', 'RUNNING')`,
  onLostConnection: 'nothing-written',
};

/** The jobs of all devices that are not ended, by state. */
export interface OpenJobs {
  readonly queued: number;
  readonly running: number;
  /** Seconds for which the job has been due that has been so longest; 0 when none is. */
  readonly oldestDueSeconds: number;
}

/** Counts the jobs that wait and run. */
export async function countOpenJobs({ run }: Pick<Database, 'run'>): Promise<OpenJobs> {
  const [counts = {}] = await run(COUNT_OPEN_JOBS, []);
  const row = RowReader.of(counts);
  return {
    queued: row.int('queued'),
    running: row.int('running'),
    oldestDueSeconds: row.int('oldest_due_seconds'),
  };
}

/** The jobs of devices, for people. */
export interface ProvisioningJobs {
  /**
   * The newest jobs of each of these devices, the newest first; one statement, however many devices. An error for a device
   * of which one of them cannot be read.
   * @param states only jobs in one of these; null for all
   */
  readonly list: (
    deviceIds: readonly string[],
    states: readonly ProvisioningJobState[] | null,
    limit: number,
  ) => Promise<ReadonlyMap<string, readonly ProvisioningJob[] | Error>>;
}

/** The jobs of this database. */
export function provisioningJobs({ run }: Database): ProvisioningJobs {
  return {
    list: async (deviceIds, states, limit) => {
      const jobs = new Map(deviceIds.map((id): [string, RawRow[]] => [id, []]));
      for (const raw of await run(LIST_JOBS, [deviceIds, states, limit])) {
        jobs.get(RowReader.of(raw).text('device_id'))?.push(raw);
      }
      return new Map([...jobs].map(([id, rows]) => [id, toJobs(rows)]));
    },
  };
}

function toJobs(rows: readonly RawRow[]): readonly ProvisioningJob[] | Error {
  try {
    return rows.map((raw) => toJob(RowReader.of(raw)));
  } catch (cause) {
    return new UnreadableRowError('A stored job cannot be read.', { cause });
  }
}

function toJob(row: RowReader): ProvisioningJob {
  return {
    id: row.text('id'),
    kind: row.oneOf('kind', JOB_KINDS),
    state: row.oneOf('state', STATES),
    version: row.int('version'),
    attempts: row.int('attempts'),
    error: row.textOrNull('error'),
    createdAt: row.time('created_at'),
    startedAt: row.timeOrNull('started_at'),
    finishedAt: row.timeOrNull('finished_at'),
  };
}
