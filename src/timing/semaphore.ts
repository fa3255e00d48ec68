/** How long work may wait for a slot. */
interface WaitLimit {
  /** Maximum time to wait, in milliseconds; 0: work that finds no slot free is refused at once. */
  readonly maxWaitMs: number;
  /** The error of work that got no slot. */
  readonly refusal: () => Error;
}

/**
 * Slots for a maximum number of pieces of work at once. Those beyond wait, and get a slot in the order in which they asked.
 * Each slot that was acquired is released once; `run` does both.
 */
export class Semaphore {
  #free: number;
  /** What gives a slot to those who wait, in their order. */
  #waiting: (() => void)[] = [];

  /**
   * @param slots maximum number of pieces of work at once
   * @param limit of the waits of `run`; without it they last as long as it takes
   */
  constructor(
    slots: number,
    private readonly limit?: WaitLimit,
  ) {
    this.#free = slots;
  }

  /**
   * Runs work with a slot.
   * @throws the refusal, before any work, when no slot came free in time
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.limit === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else await this.#waitWithin(this.limit);
    try {
      return await work();
    } finally {
      this.release();
    }
  }

  /** Takes a slot, or waits for one. @returns false when the signal was aborted before there was one */
  async acquire(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#free === 0) return await this.#wait(signal);
    this.#free -= 1;
    return true;
  }

  /** Gives a slot back: to whoever has waited for the longest time, if anybody waits. */
  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  async #waitWithin({ maxWaitMs, refusal }: WaitLimit): Promise<void> {
    if (maxWaitMs === 0 || !(await this.#wait(AbortSignal.timeout(maxWaitMs)))) throw refusal();
  }

  /** @returns whether a slot came before the signal was aborted */
  async #wait(signal: AbortSignal): Promise<boolean> {
    return await new Promise((resolve) => {
      const take = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== take);
        resolve(false);
      };
      this.#waiting.push(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
