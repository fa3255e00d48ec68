import { setTimeout as delay } from 'node:timers/promises';

/** A value that costs something to ask for: it is asked for rarely, once for all who want it, and not waited for long. */
export class CachedProbe<T> {
  readonly #ask: () => Promise<T>;
  readonly #maxAgeMs: number;
  readonly #timeoutMs: number;
  #latest: Promise<T | undefined> | undefined;
  #askedAt = 0;

  constructor(ask: () => Promise<T>, maxAgeMs: number, timeoutMs: number) {
    this.#ask = ask;
    this.#maxAgeMs = maxAgeMs;
    this.#timeoutMs = timeoutMs;
  }

  /** The value as it was a moment ago; undefined when it cannot be had. Never rejects. */
  async take(): Promise<T | undefined> {
    if (this.#latest === undefined || performance.now() - this.#askedAt > this.#maxAgeMs) {
      this.#askedAt = performance.now();
      this.#latest = this.#ask().catch(() => undefined);
    }
    return await Promise.race([this.#latest, delay(this.#timeoutMs, undefined, { ref: false })]);
  }
}
