import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import { type EventResult, EventResults } from './event-results.js';
import { logPasswordReads, takePasswordReads } from './password-reads.js';
import { ResponseStream } from './response-stream.js';
import type { RunningRequests } from './running-requests.js';
import { SubscriptionOperation } from './subscription-operation.js';

/** The errors of a subscription that was refused before its first event. */
export class SubscriptionRefused extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super('The subscription was refused.');
  }
}

/**
 * Subscribes as graphql-js does, but that an event is executed when its client can take it, and once for all subscriptions that are
 * equal. A refusal becomes an iterator that fails: graphql-ws would send it as an event, and complete.
 * @param takeTurn waits for an event's turn among those of all subscriptions
 */
export function subscribeWith(
  requests: RunningRequests,
  takeTurn: () => Promise<void>,
): (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult>> {
  const results = new EventResults();
  return async (args) => {
    const operation = args.contextValue;
    if (!(operation instanceof SubscriptionOperation)) throw new Error('This operation was not begun.');
    const events = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in events)) return refusal(events.errors ?? []);
    const executeOne = async (event: unknown): Promise<EventResult> => ({
      result: await execute({ ...args, rootValue: event }),
      reads: takePasswordReads(operation),
    });
    return new ResponseStream(events, {
      acquire: operation.acquireDelivery,
      takeTurn,
      execute: async (event) => {
        const isShared = operation.request !== undefined && requests.holdersOf(operation.request) > 1;
        const { result, reads } =
          isShared && isObject(event)
            ? await results.of(event, operation.rights, async () => await executeOne(event))
            : await executeOne(event);
        logPasswordReads(operation, reads);
        return result;
      },
    });
  };
}

function refusal(errors: readonly GraphQLError[]): AsyncIterable<ExecutionResult> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => await Promise.reject(new SubscriptionRefused(errors)),
    }),
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
