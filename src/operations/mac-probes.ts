import type { Viewer } from '../access/viewer.js';
import { GatewayError } from '../errors/gateway-error.js';

/** Counts the MAC_ADDRESS_IN_USE errors of each subject. */
export interface MacProbeLimit {
  /**
   * Runs a probe within the budget of a subject. While the budget is used up and probes run that may give theirs back, it waits.
   * @param isFree whether an end of the probe costs nothing
   * @param mayWait false where others may wait for this one
   * @returns how it ended, or in how many milliseconds the subject will have budget again
   */
  readonly run: <T>(
    subject: string,
    probe: () => Promise<T>,
    isFree: (end: T) => boolean,
    mayWait: boolean,
  ) => Promise<{ readonly result: T } | { readonly retryAfterMs: number }>;
}

/** How a write ended: what was thrown is a value here. */
type End<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Runs a write that would give a device another MAC address. MAC_ADDRESS_IN_USE shows a stranger that a device exists
 * somewhere, so each subject gets it a few times only; ADMIN, who reads every device, as often as it asks. Then every
 * such write is refused alike, whether the address is in use or not: the refusal says nothing.
 * @param mayWait false while the write holds a lock
 * @throws RATE_LIMITED
 */
export async function withinMacProbes<T>(
  limit: MacProbeLimit,
  { subject, level }: Viewer,
  write: () => Promise<T>,
  mayWait: boolean,
): Promise<T> {
  if (level === 'ADMIN') return await write();
  const probe = async (): Promise<End<T>> =>
    await write().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
  const ended = await limit.run(subject, probe, (end) => !tellsMacInUse(end), mayWait);
  if ('retryAfterMs' in ended) {
    throw new GatewayError('RATE_LIMITED', {
      message: 'Too many MAC addresses were in use already. Wait as long as retryAfterMs says.',
      retryAfterMs: ended.retryAfterMs,
    });
  }
  if ('error' in ended.result) throw ended.result.error;
  return ended.result.value;
}

function tellsMacInUse(end: End<unknown>): boolean {
  if (!('error' in end) || !(end.error instanceof GatewayError)) return false;
  return end.error.facts.violations?.some(({ code }) => code === 'MAC_ADDRESS_IN_USE') === true;
}
