/** How many attempts may be under way. */
interface SlotLimits {
  /** Maximum number of attempts that began a moment ago, and so of those that endpoints are really busy with. */
  readonly active: number;
  /** Maximum number of attempts in all. What lasts longer than a moment only holds a connection and waits. */
  readonly open: number;
  /** How long an attempt counts as active, in milliseconds. */
  readonly activeMs: number;
}

/**
 * Slots for attempts to reach devices. An attempt gives up its active slot when it ends, and also when it lasts: however many
 * devices are silent, others are reached meanwhile.
 */
export class AttemptSlots {
  #active = 0;
  #open = 0;

  /** @param onFreed called whenever one more attempt may begin than before */
  constructor(
    private readonly limits: SlotLimits,
    private readonly onFreed: () => void,
  ) {}

  /** How many more attempts may begin now. */
  get free(): number {
    return Math.min(this.limits.active - this.#active, this.limits.open - this.#open);
  }

  /** Takes a slot; one must be free. @returns what gives it back, once */
  take(): () => void {
    this.#active += 1;
    this.#open += 1;
    let isActive = true;
    const retire = (): void => {
      if (isActive) this.#active -= 1;
      isActive = false;
    };
    const timer = setTimeout(() => {
      retire();
      this.onFreed();
    }, this.limits.activeMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
      retire();
      this.#open -= 1;
      this.onFreed();
    };
  }
}
