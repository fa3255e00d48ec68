/** Random numbers that a seed decides: what was sent once can be sent again. */
export class Dice {
  #state: number;

  /** @param seed the seed of a whole run */
  constructor(seed: number, turn = 0) {
    this.#state = (seed ^ Math.imul(turn + 1, 0x9e3779b1)) >>> 0;
    // Neighbouring seeds begin alike.
    for (let round = 0; round < 4; round += 1) this.#next();
  }

  /** A whole number from 0 on, below another. */
  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  /** True once in so many times. */
  isOneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** @throws for a list without entries */
  oneOf<T>(values: readonly T[]): T {
    const index = this.below(values.length);
    for (const value of values.slice(index, index + 1)) return value;
    throw new Error('There is nothing to choose from.');
  }

  /** From 0 to 1, by mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
