import type { RateLimiter } from './rate-limiter.js';

/** What runs for one client, and what waits until it is known what became of that. */
interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

/** What came of a run: its result, or in how many milliseconds the client may try again. */
type Budgeted<T> = { readonly result: T } | { readonly retryAfterMs: number };

/**
 * A budget of each client for what costs it only if it ends in a certain way. It is taken first, or what comes at once would all get
 * through, and given back afterwards; whoever finds it used up waits while it may still come back.
 */
export class RefundableBudget {
  readonly #lines = new Map<string, Line>();

  /** @param maxWaiting maximum number of runs of a client that wait; more are refused at once */
  constructor(
    private readonly limiter: RateLimiter,
    private readonly maxWaiting: number,
  ) {}

  /**
   * @param isFree whether a result costs nothing; what throws costs
   * @param mayWait false for work that others may wait for
   */
  async run<T>(
    client: string,
    work: () => Promise<T>,
    isFree: (result: T) => boolean,
    mayWait = true,
  ): Promise<Budgeted<T>> {
    for (;;) {
      const retryAfterMs = this.limiter.take(client);
      const line = this.#lines.get(client);
      if (retryAfterMs === 0) {
        return { result: await this.#runIn(line ?? { running: 0, waiting: [] }, client, work, isFree) };
      }
      if (line === undefined || !mayWait || line.waiting.length >= this.maxWaiting) return { retryAfterMs };
      await new Promise<void>((resolve) => line.waiting.push(resolve));
    }
  }

  async #runIn<T>(
    line: Line,
    client: string,
    work: () => Promise<T>,
    isFree: (result: T) => boolean,
  ): Promise<T> {
    line.running += 1;
    this.#lines.set(client, line);
    let isGivenBack = false;
    try {
      const result = await work();
      isGivenBack = isFree(result);
      return result;
    } finally {
      line.running -= 1;
      if (isGivenBack) this.limiter.giveBack(client);
      // When nothing runs, no more budget comes back: all that wait are woken, and fail.
      const woken = line.running > 0 ? Number(isGivenBack) : line.waiting.length;
      if (line.running === 0) this.#lines.delete(client);
      for (const wake of line.waiting.splice(0, woken)) wake();
    }
  }
}
