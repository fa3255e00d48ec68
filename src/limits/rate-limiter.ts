/** A budget: a maximum at once, and as many again in each period, evenly spread. */
export interface RateBudget {
  readonly count: number;
  readonly periodMs: number;
}

/**
 * Counts what each client takes of a budget, one number per client: GCRA's theoretical arrival time (`tat`), at which the
 * budget is whole again. It holds a maximum number of clients: the one that was idle for longest is dropped first.
 */
export class RateLimiter {
  readonly #tat = new Map<string, number>();
  readonly #intervalMs: number;
  readonly #periodMs: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(
    { count, periodMs }: RateBudget,
    private readonly maxClients: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#intervalMs = periodMs / count;
    this.#periodMs = periodMs;
  }

  /**
   * Takes one for a client, or several, if it has as many left.
   * @returns 0, or in how many milliseconds it will have them again
   */
  take(client: string, count = 1): number {
    const now = this.now();
    const tat = Math.max(this.#tat.get(client) ?? 0, now) + count * this.#intervalMs;
    // A sum of fractions is never exact; a hundredth of an interval is far beyond its error.
    const excess = tat - now - this.#periodMs;
    if (excess > this.#intervalMs / 100) return Math.max(1, Math.ceil(excess));
    this.#keep(client, tat);
    return 0;
  }

  /** Gives back what was taken for nothing. */
  giveBack(client: string): void {
    const tat = this.#tat.get(client);
    if (tat !== undefined) this.#tat.set(client, tat - this.#intervalMs);
  }

  /** How many clients are held at the moment. */
  get size(): number {
    return this.#tat.size;
  }

  #keep(client: string, tat: number): void {
    // A map keeps the order in which its keys came: the first one was idle for longest.
    this.#tat.delete(client);
    this.#tat.set(client, tat);
    if (this.#tat.size <= this.maxClients) return;
    const [quietest] = this.#tat.keys();
    if (quietest !== undefined) this.#tat.delete(quietest);
  }
}
