/** How many values may wait. */
export interface QueueLimits {
  /** Without end. */
  readonly usual: number;
  /** For at most `burstMs` milliseconds. */
  readonly burst: number;
  readonly burstMs: number;
}

/** What waits for one subscriber, in order, and its end. */
export class EventQueue<T> implements AsyncIterableIterator<T> {
  #values: T[] = [];
  readonly #waiting: {
    readonly resolve: (result: IteratorResult<T>) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** Since when more wait than usual, by `performance.now()`; undefined while they do not. */
  #burstSince: number | undefined;
  #end: 'open' | 'ended' | { readonly error: unknown } = 'open';

  /**
   * @param backlog what waits in all queues together
   * @param limits how many values may wait here
   * @param onEnd called once, however it ends
   */
  constructor(
    private readonly backlog: { waiting: number },
    private readonly limits: () => QueueLimits,
    private readonly onEnd: () => void,
  ) {}

  /** @returns false when as many values wait as may */
  push(value: T): boolean {
    if (this.#end !== 'open') return true;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value });
    else if (this.#hasRoom()) {
      this.#values.push(value);
      this.backlog.waiting += 1;
    } else return false;
    return true;
  }

  #hasRoom(): boolean {
    const { usual, burst, burstMs } = this.limits();
    if (this.#values.length < usual) {
      this.#burstSince = undefined;
      return true;
    }
    const now = performance.now();
    this.#burstSince ??= now;
    return this.#values.length < burst && now - this.#burstSince < burstMs;
  }

  /** Ends it, without what still waits. @param failure the error that the subscriber gets, if any */
  end(failure?: { readonly error: unknown }): void {
    if (this.#end !== 'open') return;
    this.backlog.waiting -= this.#values.length;
    this.#values = [];
    const waiting = this.#waiting.splice(0);
    this.#end = failure !== undefined && waiting.length === 0 ? failure : 'ended';
    for (const { resolve, reject } of waiting) {
      if (failure === undefined) resolve({ done: true, value: undefined });
      else reject(failure.error);
    }
    this.onEnd();
  }

  async next(): Promise<IteratorResult<T>> {
    const [value] = this.#values.splice(0, 1);
    if (value !== undefined) {
      this.backlog.waiting -= 1;
      return { done: false, value };
    }
    const end = this.#end;
    if (end === 'open') {
      return await new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
    this.#end = 'ended';
    if (end !== 'ended') throw end.error;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<T>> {
    this.end();
    return await Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
