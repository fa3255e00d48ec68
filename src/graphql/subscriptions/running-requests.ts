import { hash } from 'node:crypto';
import type { SubscribePayload } from 'graphql-ws';
import { documentBytes } from '../documents/weight.js';
import type { PreparedSubscription } from './document.js';

/** The request of a subscription that can be executed. */
export interface RunningRequest {
  /** Names it: equal requests have equal keys. */
  readonly key: string;
  readonly prepared: Extract<PreparedSubscription, { readonly args: unknown }>;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
}

/** The values of variables take about as many bytes for each character of their text. */
const BYTES_PER_CHARACTER = 4;

/** The requests of the subscriptions that run, whoever sent them. Equal ones are prepared and kept once. */
export class RunningRequests {
  readonly #held = new Map<string, { readonly request: RunningRequest; holders: number }>();

  /**
   * Finds or prepares a request, and keeps it until it is released.
   * @returns the refusal of one that cannot be executed, of which nothing is kept
   */
  hold(
    payload: SubscribePayload,
    prepare: () => PreparedSubscription,
  ): RunningRequest | Exclude<PreparedSubscription, { readonly args: unknown }> {
    const { query, operationName, variables } = payload;
    const values = JSON.stringify(variables ?? {});
    const key = hash('sha256', JSON.stringify([query, operationName, values]), 'base64');
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.holders += 1;
      return held.request;
    }
    const prepared = prepare();
    if ('errors' in prepared) return prepared;
    const bytes = documentBytes(prepared.document) + values.length * BYTES_PER_CHARACTER;
    const request = { key, prepared, bytes };
    this.#held.set(key, { request, holders: 1 });
    return request;
  }

  /** To be called once for each time that it was held. */
  release({ key }: RunningRequest): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    held.holders -= 1;
    if (held.holders === 0) this.#held.delete(key);
  }

  /** How many subscriptions have this request. */
  holdersOf({ key }: RunningRequest): number {
    return this.#held.get(key)?.holders ?? 0;
  }

  /** How many different requests are kept. */
  get size(): number {
    return this.#held.size;
  }
}
