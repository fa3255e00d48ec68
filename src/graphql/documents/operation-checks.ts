import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { GatewayError, inputError } from '../../errors/gateway-error.js';
import { toExtensions } from '../../errors/wire.js';
import { variableViolations } from './variable-violations.js';

/** How an operation came: as a stream of events only subscriptions run, and nothing but them has one. */
export type Transport = 'answer' | 'events';

/** What keeps an operation of this kind from being executed, if anything does. */
export function transportError(
  transport: Transport,
  { operation }: OperationDefinitionNode,
): GatewayError | undefined {
  const isSubscription = operation === OperationTypeNode.SUBSCRIPTION;
  if (isSubscription === (transport === 'events')) return undefined;
  const message = isSubscription
    ? 'A subscription is sent over WebSocket (graphql-transport-ws), or over HTTP with "Accept: text/event-stream".'
    : `A ${operation} is sent over HTTP; over WebSocket only subscriptions run.`;
  return new GatewayError('BAD_REQUEST', { message });
}

/** What is wrong with the variables of an operation, if anything is. */
export function variablesError(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): GatewayError | undefined {
  const [first, ...others] = variableViolations(schema, document, operation, variables);
  return first && inputError([first, ...others]);
}

/** The error of a request that is not executed. */
export function refusedRequest(error: GatewayError, requestId: string): GraphQLError {
  return new GraphQLError(error.message, {
    extensions: { ...toExtensions(error, requestId), http: { status: 400 } },
  });
}
