/** How many a client may have: so many at once, and as many again in each period, evenly spread. */
export interface RateBudget {
  readonly count: number;
  readonly periodMs: number;
}

/**
 * Counts what each client takes of a budget, one number per client (GCRA: the moment at which its budget is whole
 * again). It holds so many clients and no more: whoever was quiet for longest is forgotten first.
 */
export class RateLimiter {
  readonly #wholeAt = new Map<string, number>();
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
    const wholeAt = Math.max(this.#wholeAt.get(client) ?? 0, now) + count * this.#intervalMs;
    // A sum of fractions is never exact; a hundredth of an interval is far beyond its error.
    const excess = wholeAt - now - this.#periodMs;
    if (excess > this.#intervalMs / 100) return Math.max(1, Math.ceil(excess));
    this.#keep(client, wholeAt);
    return 0;
  }

  /** Gives back what was taken for nothing. */
  giveBack(client: string): void {
    const wholeAt = this.#wholeAt.get(client);
    if (wholeAt !== undefined) this.#wholeAt.set(client, wholeAt - this.#intervalMs);
  }

  /** How many clients are held at the moment. */
  get size(): number {
    return this.#wholeAt.size;
  }

  #keep(client: string, wholeAt: number): void {
    // A map keeps the order in which its keys came: the first one is the one that was quiet for longest.
    this.#wholeAt.delete(client);
    this.#wholeAt.set(client, wholeAt);
    if (this.#wholeAt.size <= this.maxClients) return;
    const [quietest] = this.#wholeAt.keys();
    if (quietest !== undefined) this.#wholeAt.delete(quietest);
  }
}
