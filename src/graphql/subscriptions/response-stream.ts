import type { ExecutionResult } from 'graphql';

/** How the events of one subscription become answers. */
export interface DeliveryParts {
  /** Waits until the client's connection takes another event. @returns undefined when the signal was aborted before */
  readonly acquire: (signal: AbortSignal) => Promise<(() => void) | undefined>;
  /** Waits for its turn among the events of all subscriptions. */
  readonly takeTurn: () => Promise<void>;
  readonly execute: (event: unknown) => Promise<ExecutionResult>;
}

const DONE = { done: true, value: undefined } as const;

/**
 * The answers of one subscription, each executed when its client can take it: until then only the event waits. What was
 * returned counts as on its way until the next one is asked for.
 */
export class ResponseStream implements AsyncIterableIterator<ExecutionResult> {
  readonly #events: AsyncIterator<unknown>;
  readonly #parts: DeliveryParts;
  readonly #ending = new AbortController();
  #release = (): void => undefined;

  constructor(events: AsyncIterable<unknown>, parts: DeliveryParts) {
    this.#events = events[Symbol.asyncIterator]();
    this.#parts = parts;
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#release();
    const event = await this.#events.next();
    if (event.done === true) return DONE;
    const release = await this.#parts.acquire(this.#ending.signal);
    if (release === undefined) return DONE;
    this.#release = release;
    try {
      await this.#parts.takeTurn();
      return { done: false, value: await this.#parts.execute(event.value) };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#ending.abort();
    this.#release();
    await this.#events.return?.();
    return DONE;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
