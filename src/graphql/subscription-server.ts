import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  subscribe,
} from 'graphql';
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { type Credential, viewerOf } from '../auth/credential.js';
import { GatewayError } from '../errors/gateway-error.js';
import { authorizationOf } from './connection-credentials.js';
import { refusedRequest } from './executable.js';
import { codesOf, logUnforeseen, presentErrors } from './request-errors.js';
import { type DocumentOptions, prepareSubscription } from './subscription-document.js';
import { SubscriptionOperation, type SubscriptionParts } from './subscription-operation.js';

/** One client, connected by WebSocket. */
interface SubscriptionConnection {
  /** The `Authorization` header of the request that opened it. */
  readonly authorization: string | undefined;
  /** Says who the client is. */
  readonly judge: (authorization: string | undefined) => Promise<Credential>;
  /** The same for one operation more. @throws RATE_LIMITED when the client has asked for too many */
  readonly admit: (authorization: string | undefined) => Promise<Credential>;
  /** What runs on it; whoever owns the connection ends what is left when it closes. */
  readonly operations: Set<Pick<SubscriptionOperation, 'end'>>;
  /** Ends the connection of a client that does not keep up, after the errors of the operation with this id. */
  readonly dropOverloaded: (id: string, errors: readonly GraphQLFormattedError[]) => void;
}

/** Speaks graphql-transport-ws with clients. */
export type SubscriptionServer = Server<SubscriptionConnection>;

/** Subscriptions that one connection may run. */
const MAX_OPERATIONS = 100;

const TOO_MANY = new GatewayError('OVERLOADED', {
  message: `One connection runs at most ${MAX_OPERATIONS} subscriptions.`,
});

const INIT_TIMEOUT_MS = 10_000;

/** The server of the WebSocket protocol. Every error that it tells has the shape of one over HTTP. */
export function createSubscriptionServer(
  schema: GraphQLSchema,
  options: DocumentOptions,
  parts: SubscriptionParts,
): SubscriptionServer {
  /** By the message that started them: a client may use an id anew while the one before is still ending. */
  const operations = new WeakMap<SubscribePayload, SubscriptionOperation>();
  const present = (
    errors: readonly GraphQLError[],
    { requestId, document }: SubscriptionOperation,
  ): readonly GraphQLFormattedError[] => {
    logUnforeseen(errors, parts.log, requestId);
    return presentErrors(errors, { requestId, schema, document });
  };
  const begin = beginOperation(schema, options, parts.credentialRecheckMs);
  return makeServer<Record<string, unknown>, SubscriptionConnection>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onSubscribe: async ({ extra, connectionParams }, id, payload) => {
      const operation = new SubscriptionOperation(parts, (error) => {
        operation.end([error.code]);
        extra.dropOverloaded(id, present([refusedRequest(error, operation.requestId)], operation));
      });
      operations.set(payload, operation);
      try {
        const authorization = authorizationOf(connectionParams, extra.authorization);
        const begun = await begin(operation, extra, payload, authorization);
        if ('errors' in begun) operation.end(codesOf(present(begun.errors, operation)));
        return 'errors' in begun ? begun.errors : begun.args;
      } catch (error) {
        operation.end(['INTERNAL_ERROR']);
        throw error;
      }
    },
    subscribe: subscribeOrRefuse,
    onNext: (_, __, payload, ___, { data, errors }) => {
      const operation = operations.get(payload);
      if (errors === undefined || operation === undefined) return undefined;
      const presented = present(errors, operation);
      for (const code of codesOf(presented)) parts.metrics.errorAnswered(code);
      return { data: data ?? null, errors: presented };
    },
    onError: (_, __, payload, errors) => {
      const operation = operations.get(payload);
      const presented = operation && present(errors.flatMap(originals), operation);
      operation?.end(codesOf(presented ?? []));
      return presented;
    },
    onComplete: (_, __, payload) => operations.get(payload)?.end(),
  });
}

/** Admits an operation and prepares it. @returns what is to be executed, or why nothing is */
type BeginOperation = (
  operation: SubscriptionOperation,
  connection: SubscriptionConnection,
  payload: SubscribePayload,
  authorization: string | undefined,
) => Promise<{ readonly args: ExecutionArgs } | { readonly errors: readonly GraphQLError[] }>;

function beginOperation(
  schema: GraphQLSchema,
  options: DocumentOptions,
  credentialRecheckMs: number,
): BeginOperation {
  return async (operation, connection, payload, authorization) => {
    try {
      takeRoom(connection.operations, operation);
      operation.credential = await connection.admit(authorization);
      const prepared = prepareSubscription(schema, payload, options, operation.requestId);
      operation.document = prepared.document;
      if ('errors' in prepared) {
        // To strangers everything else looks alike.
        viewerOf(operation.credential);
        operation.type = prepared.type ?? operation.type;
        return prepared;
      }
      operation.type = 'subscription';
      operation.watchCredential(async () => await connection.judge(authorization), credentialRecheckMs);
      return { args: { ...prepared.args, schema, contextValue: operation } };
    } catch (error) {
      if (error instanceof GatewayError) return { errors: [refusedRequest(error, operation.requestId)] };
      throw error;
    }
  };
}

/** Those that are not admitted yet have their room, too: an issuer may take its time. @throws OVERLOADED */
function takeRoom(operations: SubscriptionConnection['operations'], operation: SubscriptionOperation): void {
  if (operations.size >= MAX_OPERATIONS) throw TOO_MANY;
  operations.add(operation);
  operation.onEnd(() => operations.delete(operation));
}

/** The errors of a subscription that was refused before its first event. */
class SubscriptionRefused extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super('The subscription was refused.');
  }
}

/** A refusal becomes an iterator that fails: graphql-ws would send it as an event, and complete. */
async function subscribeOrRefuse(args: ExecutionArgs): Promise<AsyncIterable<ExecutionResult>> {
  const result = await subscribe(args);
  if (Symbol.asyncIterator in result) return result;
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => await Promise.reject(new SubscriptionRefused(result.errors ?? [])),
    }),
  };
}

/** The errors that graphql-ws wraps, which keep their path. */
function originals(error: GraphQLError): readonly GraphQLError[] {
  const { originalError } = error;
  if (originalError instanceof SubscriptionRefused) return originalError.errors;
  return [originalError instanceof GraphQLError ? originalError : error];
}
