import { randomUUID } from 'node:crypto';
import type { ProvisioningJobKind } from '../../domain/provisioning-job.js';
import type { RunStatement, Statement } from '../database/database.js';
import { DEVICE, DEVICE_JOINS, type StoredDeviceOrError, toStoredDevice } from '../rows/device-row.js';
import { jobColumns, jobEnds } from './end-jobs.js';
import { dueAfter } from './queue-job.js';
import { RowReader } from '../database/row-reader.js';
import { unsizedIds } from '../database/sql-builder.js';

// Whoever changes the state of a job locks its device first, so that nothing is decided on what is about to change.

/** The lease of a job: no other worker claims it before the lease ends. */
export interface JobLease {
  /** Names the attempt: without it nobody can end it. */
  readonly lease: string;
  readonly leaseMs: number;
}

/** A worker's slot for a job that is about to be made. One of its functions has to be called, once. */
export interface JobSlot extends JobLease {
  /** Gives the job to the worker. */
  readonly assign: (job: ClaimedJob) => void;
  /** There is no such job. */
  readonly release: () => void;
}

/** Dispatches new jobs to workers. */
export interface JobDispatcher {
  /** Undefined when no slot is free: the job waits in the queue. */
  readonly reserveSlot: () => JobSlot | undefined;
  /** Says that a job waits in the queue that may be claimed at once. */
  readonly notifyQueued: () => void;
}

/** What identifies a job to its worker. */
export interface HeldJob {
  readonly id: string;
  readonly kind: ProvisioningJobKind;
  readonly lease: string;
  readonly device: { readonly id: string };
}

/** A job that this process works on. */
export interface ClaimedJob extends HeldJob {
  /** From 1. */
  readonly attempt: number;
  /** Whether it is of hardware that was replaced meanwhile: it is tried no more. */
  readonly isOutdated: boolean;
  /** The device as it is now: its settings may be newer than the job. */
  readonly device: StoredDeviceOrError;
}

/** Why a job failed for good: its device refused the settings, was not reached in any attempt, or cannot be read. */
type FailureKind = 'refused' | 'attempts_used_up' | 'unreadable';

/** How an attempt ended. A job that is to wait is superseded instead when a newer one waits, or the device is being deleted. */
export type JobEnd =
  | { readonly state: 'APPLIED' }
  | { readonly state: 'FAILED'; readonly error: string; readonly why: FailureKind }
  | { readonly state: 'QUEUED'; readonly error: string; readonly delayMs: number }
  /** The attempt was broken off before its outcome was known, and does not count. */
  | { readonly state: 'RELEASED' };

/** The jobs that wait and run, for workers: any number of them, in any number of processes. */
export interface ProvisioningQueue {
  /** Claims jobs that are due, and those whose lease ran out; the longest due first. */
  readonly claim: (limit: number, leaseMs: number) => Promise<readonly ClaimedJob[]>;
  /** Prolongs leases. @returns the ids of the jobs that are still this process's */
  readonly renew: (jobs: readonly ClaimedJob[], leaseMs: number) => Promise<ReadonlySet<string>>;
  /**
   * Ends an attempt; nothing happens when the lease was lost to another worker.
   * @returns whether another job of the device waits
   */
  readonly end: (job: HeldJob, end: JobEnd) => Promise<boolean>;
}

/** The kinds of the database's enum. */
export const JOB_KINDS: readonly ProvisioningJobKind[] = ['SETTINGS', 'REMOVAL'];

/** The job's number in the form of all ids. */
export const JOB_ID = "lpad(to_hex(j.id), 24, '0')";

const IS_OPEN = `j.state IN ('QUEUED', 'RUNNING')`;

/** What is due by a column, the longest due first; its devices are locked. */
const dueBy = (column: 'due_at' | 'removal_due_at'): string => `
      SELECT d.*, j.id AS job_id, j.${column} AS due FROM provisioning_job j JOIN network_device d ON d.id = j.device_id
      WHERE ${IS_OPEN} AND j.${column} <= now() AND (d.running_job_id IS NULL OR d.running_job_id = j.id)
        AND d.waits_for_device_id IS NULL
      ORDER BY j.${column} LIMIT $1
      FOR NO KEY UPDATE OF d SKIP LOCKED`;

const CLAIM: Statement = {
  name: 'claim-jobs',
  text: `WITH settings AS (${dueBy('due_at')}
    ), removals AS (${dueBy('removal_due_at')}
    ), candidate AS (
      SELECT * FROM (SELECT * FROM settings UNION ALL SELECT * FROM removals) due ORDER BY due LIMIT $1
    ), started AS (
      UPDATE provisioning_job j SET
        state = 'RUNNING', lease = $2::uuid, ${dueAfter('$3::integer')},
        version = candidate.version, started_at = coalesce(j.started_at, now()),
        attempts = j.attempts + (j.state = 'QUEUED')::integer
      FROM candidate WHERE j.device_id = candidate.id AND j.id = candidate.job_id AND ${IS_OPEN}
        AND (j.due_at <= now() OR j.removal_due_at <= now())
      RETURNING j.id, ${JOB_ID} AS job_id, j.device_id, j.attempts, j.kind::text AS job_kind,
        (j.created_at < candidate.replaced_at) IS TRUE AS job_is_outdated
    ), marked AS (
      UPDATE network_device d SET running_job_id = started.id FROM started WHERE d.id = started.device_id
    )
    SELECT started.job_id, started.attempts AS job_attempts, started.job_kind, started.job_is_outdated, ${DEVICE}
    FROM started JOIN candidate d ON d.id = started.device_id ${DEVICE_JOINS}`,
  onLostConnection: 'unknown',
};

const RENEW: Statement = {
  name: 'renew-leases',
  text: `UPDATE provisioning_job j SET ${dueAfter('$4::integer')}
    FROM unnest(${unsizedIds('$1')}, $2::bigint[], $3::uuid[]) AS held(device_id, id, lease)
    WHERE j.device_id = held.device_id AND j.id = held.id AND j.lease = held.lease
    RETURNING ${JOB_ID} AS id`,
  onLostConnection: 'unknown',
};

/** The queue of this database. Its clock is the database's, so that workers need not agree on the time. */
export function provisioningQueue(run: RunStatement): ProvisioningQueue {
  return {
    claim: async (limit, leaseMs) => {
      const lease = randomUUID();
      const rows = await run(CLAIM, [limit, lease, leaseMs]);
      return rows.map((raw) => {
        const row = RowReader.of(raw, 'job_');
        const kind = row.oneOf('kind', JOB_KINDS);
        return {
          id: row.text('id'),
          lease,
          kind,
          isOutdated: row.flag('is_outdated'),
          attempt: row.int('attempts'),
          device: toStoredDevice(raw),
        };
      });
    },
    renew: async (jobs, leaseMs) => {
      const rows = await run(RENEW, [...jobColumns(jobs), leaseMs]);
      return new Set(rows.map((row) => RowReader.of(row).text('id')));
    },
    end: jobEnds(run),
  };
}
