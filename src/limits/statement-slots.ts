/** Runs work when one of its slots is free, in the order in which it was asked for. */
export type WithSlot = <T>(work: () => Promise<T>) => Promise<T>;

/** @param count how many pieces of work may run at once */
export function statementSlots(count: number): WithSlot {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A slot that somebody waits for is handed on.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
