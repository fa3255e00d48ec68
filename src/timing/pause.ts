import { setTimeout as delay } from 'node:timers/promises';

/** Waits, and keeps no process alive. @param stopping ends the wait early */
export async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopping, ref: false }).catch(() => undefined);
}
