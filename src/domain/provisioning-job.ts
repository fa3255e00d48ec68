/** What became of a provisioning job. */
export type ProvisioningJobState = 'QUEUED' | 'RUNNING' | 'APPLIED' | 'FAILED' | 'SUPERSEDED';

/** What a job does: brings settings to the device, or takes it out of service. */
export type ProvisioningJobKind = 'SETTINGS' | 'REMOVAL';

/** One job brings the settings of a device to the device, or removes the device. */
export interface ProvisioningJob {
  readonly id: string;
  readonly kind: ProvisioningJobKind;
  readonly state: ProvisioningJobState;
  /** The version of the settings: the one that was sent last, or that it was queued for. */
  readonly version: number;
  /** Attempts that were begun; the first is 1. */
  readonly attempts: number;
  /** Why the last attempt failed, for people; without secrets. */
  readonly error: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** Maximum number of attempts of a job; after the last one it is FAILED. */
export const MAX_ATTEMPTS = 5;

/** Maximum length of an error, in characters. */
export const MAX_ERROR_LENGTH = 500;

/**
 * How long a job waits after a failed attempt: twice as long after each, and some more or less, so that devices which
 * failed together do not all come back at once.
 * @param attempt the number of the attempt that failed, from 1
 * @param firstMs the wait after the first one
 * @param random from 0 to 1
 */
export function retryDelayMs(attempt: number, firstMs: number, random: number): number {
  return Math.round(firstMs * 2 ** (attempt - 1) * (0.8 + 0.4 * random));
}
