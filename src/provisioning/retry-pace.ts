/**
 * Spreads retries in proportion to how long their last attempts lasted: those of silent devices take a share of the open slots
 * at most, however many fail together.
 */
export class RetryPace {
  /** When the retries that are planned will have had their time. */
  #plannedUntil = 0;

  /** @param share maximum number of attempts that retries may keep open on average */
  constructor(
    private readonly share: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How much later than it would be a retry is to begin, in milliseconds. @param lastedMs how long the attempt before it lasted */
  delayAfter(lastedMs: number): number {
    const now = this.now();
    const delay = Math.max(0, this.#plannedUntil - now);
    this.#plannedUntil = now + delay + lastedMs / this.share;
    return Math.round(delay);
  }
}
