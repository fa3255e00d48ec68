import type { ExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { PasswordReads } from '../request/password-reads.js';

/** What came of the execution of one event. */
export interface EventResult {
  readonly result: ExecutionResult;
  readonly reads: PasswordReads | undefined;
}

/** Maximum number of bytes that results take which others may want, about. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Objects take about as many bytes for each character of their JSON. */
const BYTES_PER_CHARACTER = 8;

interface Entry {
  readonly rights: string;
  readonly outcome: Promise<EventResult>;
}

/**
 * Executes an event once for all subscriptions that are equal: the hub hands the same event to those with the same request and the
 * same rights. One that comes much later than the others may find its result gone, and executes anew.
 */
export class EventResults {
  readonly #entries = new LRUCache<object, Entry>({ maxSize: MAX_BYTES, sizeCalculation: () => 1 });

  /** @param rights of the subscriber at this moment: they may be others than when the event was queued */
  async of(event: object, rights: string, execute: () => Promise<EventResult>): Promise<EventResult> {
    const known = this.#entries.get(event);
    if (known?.rights === rights) return await known.outcome;
    const entry = { rights, outcome: execute() };
    this.#entries.set(event, entry);
    try {
      const outcome = await entry.outcome;
      const size = JSON.stringify(outcome.result).length * BYTES_PER_CHARACTER;
      if (this.#entries.peek(event) === entry) this.#entries.set(event, entry, { size });
      return outcome;
    } catch (error) {
      this.#entries.delete(event);
      throw error;
    }
  }
}
