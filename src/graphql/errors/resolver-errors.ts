import {
  getNamedType,
  getNullableType,
  GraphQLError,
  type GraphQLErrorOptions,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { viewerOf } from '../../auth/credential.js';
import { shownId } from '../../domain/id.js';
import { errorWithDeviceId } from '../../errors/with-device-id.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { toExtensions } from '../../errors/wire.js';
import { withoutStack } from '../../errors/without-stack.js';
import { logFailure } from '../../logging/log.js';
import type { GatewayContext } from '../request/context.js';
import { isPromise } from '../request/is-promise.js';

/** Root fields that need no access token: they show the schema and no data. */
const OPEN: ReadonlySet<string> = new Set(['_sdl', '_service']);

/**
 * Makes every resolver of a schema fail with an error that may leave the gateway, lets nobody without a valid token past the
 * root fields, and counts what the answer holds. It is done inside the schema, so that it holds whoever executes it: HTTP,
 * WebSocket, a gateway in the same process, a test.
 */
export function guardResolvers(schema: GraphQLSchema): GraphQLSchema {
  const roots: readonly unknown[] = [schema.getQueryType(), schema.getMutationType()];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (roots.includes(type) && !OPEN.has(field.name)) guardEntrance(field);
      guardResolve(field);
      guardSubscribe(field);
    }
  }
  return schema;
}

/**
 * Asks for the token before the arguments of a field become objects of the input's classes: that takes long for long lists, and
 * nothing of it is done for strangers.
 */
function guardEntrance<Source, Context extends GatewayContext>(field: GraphQLField<Source, Context>): void {
  const { resolve, type } = field;
  if (resolve === undefined) return;
  const isDevice = isObjectType(getNullableType(type)) && getNamedType(type).name === 'NetworkDevice';
  field.resolve = (source, args: Readonly<Record<string, unknown>>, context, info) => {
    try {
      viewerOf(context.credential);
    } catch (error) {
      const { id } = args;
      throw isDevice && typeof id === 'string' ? errorWithDeviceId(error, shownId(id)) : error;
    }
    return resolve(source, args, context, info);
  };
}

function guardResolve<Source, Context extends GatewayContext>(field: GraphQLField<Source, Context>): void {
  const { resolve } = field;
  if (resolve === undefined) return;
  // What is resolved at once stays so: a promise for each field of a page would cost more than the fields.
  field.resolve = (source, args, context, info) => {
    try {
      if (context.meter?.isOver === true && !isNonNullType(field.type)) return null;
      const value: unknown = resolve(source, args, context, info);
      return isPromise(value) ? guarded(value, context, info) : counted(value, context, info);
    } catch (error) {
      throw toGraphQLError(error, context);
    }
  };
}

async function guarded(
  value: PromiseLike<unknown>,
  context: GatewayContext,
  info: GraphQLResolveInfo,
): Promise<unknown> {
  try {
    return counted(await value, context, info);
  } catch (error) {
    throw toGraphQLError(error, context);
  }
}

function counted(
  value: unknown,
  { meter }: GatewayContext,
  { path, returnType }: GraphQLResolveInfo,
): unknown {
  return meter === undefined ? value : meter.countField(path.key, value, returnType);
}

function guardSubscribe<Source, Context extends GatewayContext>(field: GraphQLField<Source, Context>): void {
  const { subscribe } = field;
  if (subscribe === undefined) return;
  field.subscribe = async (source, args, context, info) => {
    try {
      viewerOf(context.credential);
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
        throw toGraphQLError(error, context, { nodes, path: [path.key] });
      }
    },
    return: async () => (await events.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * The error as clients get it. What is not ours becomes INTERNAL_ERROR, with its details in the log only.
 * @param place where in the document and the answer it belongs, where graphql-js does not say so itself
 */
export function toGraphQLError(
  error: unknown,
  { requestId, log, meter }: Pick<GatewayContext, 'requestId' | 'log' | 'meter'>,
  place: Pick<GraphQLErrorOptions, 'nodes' | 'path'> = {},
): GraphQLError {
  const known = deepestGatewayError(error) ?? new GatewayError('INTERNAL_ERROR', {}, { cause: error });
  meter?.countError(known);
  logFailure(log, known, requestId);
  const extensions = toExtensions(known, requestId);
  return withoutStack(() => new GraphQLError(known.message, { ...place, extensions }));
}

/** Libraries wrap errors once per layer; ours may lie below. */
function deepestGatewayError(error: unknown): GatewayError | undefined {
  if (error instanceof GatewayError) return error;
  return error instanceof GraphQLError ? deepestGatewayError(error.originalError) : undefined;
}
