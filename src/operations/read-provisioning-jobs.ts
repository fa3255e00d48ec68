import DataLoader from 'dataloader';
import type { ProvisioningJob, ProvisioningJobState } from '../domain/provisioning-job.js';
import { inputError } from '../errors/gateway-error.js';
import type { ProvisioningJobs } from '../persistence/jobs/provisioning-jobs.js';
import type { PasswordAccess } from './device-view.js';
import { assertEnumValues } from './enum-values.js';

/** How many jobs of one device an answer may hold. */
const MAX_JOBS = 500;

/** Which jobs of a device are asked for. */
export interface JobsRequest {
  /** The newest of them. */
  readonly first: number;
  /** Only in these states; null for all. */
  readonly states: readonly ProvisioningJobState[] | null;
}

interface JobsLookup {
  readonly deviceId: string;
  readonly request: JobsRequest;
  /** The same for requests that are alike. */
  readonly kind: string;
}

/** Finds the jobs of one device; those of many devices that ask at once are found together. */
export type FindJobs = (deviceId: string, request: JobsRequest) => Promise<readonly ProvisioningJob[]>;

/** Stands in the place of a reason, which may be the words of an endpoint that knows the passwords of the device. */
const WITHHELD_REASON = 'The last try failed. Who may read the WiFi passwords of the device is told why.';

/**
 * The newest provisioning jobs of a device. Whoever reads the device reads its jobs.
 * @param passwords what becomes of the device's passwords, and so of the reasons why attempts failed
 * @throws INVALID_VALUE for a `first` that is not from 0 to 500, and for more than 100 states
 */
export async function readProvisioningJobs(
  find: FindJobs,
  deviceId: string,
  passwords: PasswordAccess,
  request: JobsRequest,
): Promise<readonly ProvisioningJob[]> {
  if (request.first < 0 || request.first > MAX_JOBS) {
    throw inputError([{ path: 'first', code: 'INVALID_VALUE', message: `A number from 0 to ${MAX_JOBS}.` }]);
  }
  assertEnumValues('state', request.states);
  const jobs = await find(deviceId, { first: request.first, states: distinct(request.states) });
  if (passwords === 'shown') return jobs;
  return jobs.map((job) => ({ ...job, error: job.error === null ? null : WITHHELD_REASON }));
}

/** The same states in whatever order and number are one request. */
function distinct(states: JobsRequest['states']): JobsRequest['states'] {
  return states && [...new Set(states)].toSorted();
}

/**
 * Finds jobs in one statement for all devices that ask for the same in one turn of the event loop, e.g. those of a page. It keeps
 * nothing: jobs change.
 */
export function batchedJobs({ list }: ProvisioningJobs): FindJobs {
  const loader = new DataLoader<JobsLookup, readonly ProvisioningJob[]>(
    async (lookups) => {
      const requests = new Map(lookups.map(({ kind, request }) => [kind, request]));
      const answers = new Map<string, Awaited<ReturnType<typeof list>>>();
      for (const [kind, { states, first }] of requests) {
        const alike = lookups.filter((lookup) => lookup.kind === kind);
        const deviceIds = [...new Set(alike.map(({ deviceId }) => deviceId))];
        answers.set(kind, await list(deviceIds, states, first));
      }
      return lookups.map(({ deviceId, kind }) => answers.get(kind)?.get(deviceId) ?? []);
    },
    { cache: false },
  );
  return async (deviceId, request) =>
    await loader.load({ deviceId, request, kind: JSON.stringify([request.first, request.states]) });
}
