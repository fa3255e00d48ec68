import {
  createSourceEventStream,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
} from 'graphql';
import { meteredFieldResolver } from '../request/answer-meter.js';
import { type EventResult, EventResults } from './event-results.js';
import { logPasswordReads, takePasswordReads } from '../request/password-reads.js';
import { toGraphQLError } from '../errors/resolver-errors.js';
import { ResponseStream } from './response-stream.js';
import type { RunningRequests } from './running-requests.js';
import { SubscriptionOperation } from './operation.js';

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
      result: await executeEvent(args, operation, event),
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

/** Executes an event; in place of an answer that is too long comes its error. */
async function executeEvent(
  args: ExecutionArgs,
  operation: SubscriptionOperation,
  event: unknown,
): Promise<ExecutionResult> {
  operation.meter = operation.request?.prepared.meter?.anew();
  const result = await execute({ ...args, rootValue: event, fieldResolver: meteredFieldResolver });
  const oversized = operation.meter?.error;
  return oversized === undefined ? result : { data: null, errors: [toGraphQLError(oversized, operation)] };
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
