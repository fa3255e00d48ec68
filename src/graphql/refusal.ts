import { GraphQLError } from 'graphql';
import type { GatewayError } from '../errors/gateway-error.js';
import { toExtensions } from '../errors/wire.js';

/** The error of a request that is not executed. */
export function refusal(fault: GatewayError, requestId: string): GraphQLError {
  return new GraphQLError(fault.message, {
    extensions: { ...toExtensions(fault, requestId), http: { status: 400 } },
  });
}
