import type { GraphQLError, GraphQLSchema } from 'graphql';
import type { GatewayContext } from '../request/context.js';
import { finishOperation, type OnOperation } from './finish-operation.js';

/** The body of the answer to a request whose document is neither validated nor run. */
export type RefuseRequest = (error: GraphQLError, context: GatewayContext) => string;

/** Refuses requests in the same shape as Apollo Server does. */
export function requestRefuser(schema: GraphQLSchema, onOperation: OnOperation): RefuseRequest {
  return (error, context) => {
    const ended = { context, schema, document: undefined, operation: undefined, errors: [error] };
    return `${JSON.stringify({ errors: finishOperation(ended, onOperation) })}\n`;
  };
}
