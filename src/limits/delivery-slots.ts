/** Leads to the next free slot. @returns gives the slot back; undefined when the signal was aborted before there was one */
export type AcquireSlot = (signal: AbortSignal) => Promise<(() => void) | undefined>;

/**
 * The slots of one connection: an event holds one from its execution until its client's socket has taken it, so that what
 * a slow client does not read is neither executed nor kept in memory.
 * @param count how many events may be on their way
 */
export function deliverySlots(count: number): AcquireSlot {
  let free = count;
  const waiting = new Set<() => void>();
  const lease = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      free += 1;
      const [next] = waiting;
      next?.();
    };
  };
  return async (signal) => {
    if (signal.aborted) return undefined;
    if (free > 0) {
      free -= 1;
      return lease();
    }
    return await new Promise((resolve) => {
      const settle = (outcome: (() => void) | undefined): void => {
        waiting.delete(take);
        signal.removeEventListener('abort', give);
        resolve(outcome);
      };
      const give = (): void => settle(undefined);
      const take = (): void => {
        free -= 1;
        settle(lease());
      };
      waiting.add(take);
      signal.addEventListener('abort', give);
    });
  };
}
