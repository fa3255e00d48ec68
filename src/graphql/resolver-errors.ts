import {
  GraphQLError,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { GatewayError } from '../errors/gateway-error.js';
import { toExtensions } from '../errors/wire.js';
import { logFailure } from '../logging/log.js';
import type { GatewayContext } from './context.js';
import { isPromise } from './is-promise.js';

/**
 * Makes every resolver of a schema fail with an error that may leave the gateway. It is done inside the schema,
 * so that it holds whoever executes it: HTTP, WebSocket, a gateway in the same process, a test.
 */
export function guardResolvers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      guardResolve(field);
      guardSubscribe(field);
    }
  }
  return schema;
}

function guardResolve<Source, Context extends GatewayContext>(field: GraphQLField<Source, Context>): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  // What is resolved at once stays so: a promise for each field of a page would cost more than the fields.
  field.resolve = (source, args, context, info) => {
    try {
      const value: unknown = resolve(source, args, context, info);
      return isPromise(value) ? guarded(value, context) : value;
    } catch (error) {
      throw toGraphQLError(error, context);
    }
  };
}

async function guarded(value: PromiseLike<unknown>, context: GatewayContext): Promise<unknown> {
  try {
    return await value;
  } catch (error) {
    throw toGraphQLError(error, context);
  }
}

function guardSubscribe<Source, Context extends GatewayContext>(field: GraphQLField<Source, Context>): void {
  const { subscribe } = field;
  if (subscribe === undefined) return;
  field.subscribe = async (source, args, context, info) => {
    try {
      const events: unknown = await Promise.resolve(subscribe(source, args, context, info));
      return isEventSource(events) ? guardEvents(events, context, info) : events;
    } catch (error) {
      throw toGraphQLError(error, context);
    }
  };
}

/** The events of a subscription. */
type EventSource = AsyncIterableIterator<unknown>;

function isEventSource(value: unknown): value is EventSource {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && 'next' in value;
}

/** graphql-js gives an error that ends a subscription neither path nor place; here it has both. */
function guardEvents(
  events: EventSource,
  context: GatewayContext,
  { path, fieldNodes: nodes }: GraphQLResolveInfo,
): EventSource {
  return {
    next: async () => {
      try {
        return await events.next();
      } catch (error) {
        const { message, extensions } = toGraphQLError(error, context);
        throw new GraphQLError(message, { extensions, nodes, path: [path.key] });
      }
    },
    return: async () => (await events.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** The error as clients get it. What is not ours becomes INTERNAL_ERROR, with its details in the log only. */
export function toGraphQLError(
  error: unknown,
  { requestId, log }: Pick<GatewayContext, 'requestId' | 'log'>,
): GraphQLError {
  const known = deepestGatewayError(error) ?? new GatewayError('INTERNAL_ERROR', {}, { cause: error });
  logFailure(log, known, requestId);
  return new GraphQLError(known.message, { extensions: toExtensions(known, requestId) });
}

/** Libraries wrap errors once per layer; ours may lie below. */
function deepestGatewayError(error: unknown): GatewayError | undefined {
  if (error instanceof GatewayError) return error;
  return error instanceof GraphQLError ? deepestGatewayError(error.originalError) : undefined;
}
