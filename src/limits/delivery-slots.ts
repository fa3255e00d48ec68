import { Semaphore } from '../timing/semaphore.js';

/** Leads to the next free slot. @returns gives the slot back; undefined when the signal was aborted before there was one */
export type AcquireSlot = (signal: AbortSignal) => Promise<(() => void) | undefined>;

/**
 * The slots of one connection: an event holds one from its execution until its client's socket has taken it, so that what
 * a slow client does not read is neither executed nor kept in memory.
 * @param count how many events may be on their way
 */
export function deliverySlots(count: number): AcquireSlot {
  const slots = new Semaphore(count);
  return async (signal) => {
    if (!(await slots.acquire(signal))) return undefined;
    let isHeld = true;
    return () => {
      if (isHeld) slots.release();
      isHeld = false;
    };
  };
}
