import { GraphQLError, type GraphQLSchema, isIntrospectionType, isObjectType } from 'graphql';
import { GatewayError } from '../errors/gateway-error.js';
import { toExtensions } from '../errors/wire.js';
import { logFailure } from '../logging/log.js';
import type { GatewayContext } from './context.js';

/**
 * Makes every resolver of a schema fail with an error that may leave the gateway. It is done inside the schema,
 * so that it holds whoever executes it: HTTP, WebSocket, a gateway in the same process, a test.
 */
export function guardResolvers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const { resolve } = field;
      if (resolve === undefined) continue;
      field.resolve = async (source, args, context: GatewayContext, info) => {
        try {
          return await Promise.resolve(resolve(source, args, context, info));
        } catch (error) {
          throw toGraphQLError(error, context);
        }
      };
    }
  }
  return schema;
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
