import type { Viewer } from '../access/viewer.js';
import { GatewayError } from '../errors/gateway-error.js';

/** Counts the MAC_ADDRESS_IN_USE errors of each subject. */
export interface MacProbeLimit {
  /** Takes one from the subject's budget. @returns 0, or in how many milliseconds it will have one again */
  readonly take: (subject: string) => number;
  /** Gives it back: there was no such error. */
  readonly giveBack: (subject: string) => void;
}

/**
 * Runs an update that would give a device another MAC address. MAC_ADDRESS_IN_USE shows a stranger that a device exists
 * somewhere, so each subject gets it a few times only; ADMIN, who reads every device, as often as it asks. Then every
 * such update is refused alike, whether the address is in use or not: the refusal says nothing. The budget is taken first
 * and given back later, or updates at the same time would all get through.
 * @throws RATE_LIMITED
 */
export async function withinMacProbes<T>(
  limit: MacProbeLimit,
  { subject, level }: Viewer,
  update: () => Promise<T>,
): Promise<T> {
  if (level === 'ADMIN') return await update();
  const retryAfterMs = limit.take(subject);
  if (retryAfterMs > 0) {
    throw new GatewayError('RATE_LIMITED', {
      message: 'Too many MAC addresses were in use already. Wait as long as retryAfterMs says.',
      retryAfterMs,
    });
  }
  let isTold = false;
  try {
    return await update();
  } catch (error) {
    isTold = tellsMacInUse(error);
    throw error;
  } finally {
    if (!isTold) limit.giveBack(subject);
  }
}

function tellsMacInUse(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  return error.facts.violations?.some(({ code }) => code === 'MAC_ADDRESS_IN_USE') === true;
}
