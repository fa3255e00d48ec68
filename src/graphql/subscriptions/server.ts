import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import { type Credential, viewerOf } from '../../auth/credential.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { authorizationOf } from './connection-credentials.js';
import { refusedRequest } from '../documents/operation-checks.js';
import type { OperationCosts } from '../cost/operation-costs.js';
import type { DeliveryParts } from './response-stream.js';
import { RunningRequests } from './running-requests.js';
import { codesOf, logUnforeseen, presentErrors } from '../errors/request-errors.js';
import { toGraphQLError } from '../errors/resolver-errors.js';
import { type DocumentOptions, prepareSubscription, sketchOperation } from './document.js';
import { SubscriptionOperation, type SubscriptionParts } from './operation.js';
import { SubscriptionRefused, subscribeWith } from './stream.js';

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
  /** Waits until an event may be on its way to the client. @returns undefined when the signal was aborted before */
  readonly acquireDelivery: DeliveryParts['acquire'];
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

/** Maximum number of characters of an operation's id, which each of its events repeats. */
const MAX_ID_LENGTH = 256;

const LONG_ID = new GatewayError('BAD_REQUEST', {
  message: `The id of an operation has at most ${MAX_ID_LENGTH} characters.`,
});

/** The server of the WebSocket protocol. Every error that it tells has the shape of one over HTTP. */
export function createSubscriptionServer(
  schema: GraphQLSchema,
  options: DocumentOptions,
  costs: OperationCosts,
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
  const credentials = new WeakMap<SubscriptionConnection, string>();
  const requests = new RunningRequests();
  const begin = beginOperation(schema, options, costs, requests, parts.credentialRecheckMs);
  return makeServer<Record<string, unknown>, SubscriptionConnection>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onConnect: (connection) => {
      const { extra, connectionParams } = connection;
      const authorization = authorizationOf(connectionParams, extra.authorization);
      if (authorization !== undefined) credentials.set(extra, authorization);
      // Whatever else they hold would be kept for as long as the connection is open.
      Object.assign(connection, { connectionParams: {} });
    },
    onSubscribe: async ({ extra }, id, payload) => {
      const operation = new SubscriptionOperation(parts, {
        acquireDelivery: extra.acquireDelivery,
        onOverload: (error) => {
          operation.end([error.code]);
          extra.dropOverloaded(id, present([refusedRequest(error, operation.requestId)], operation));
        },
      });
      operations.set(payload, operation);
      try {
        const begun = await begin(operation, extra, { id, payload, authorization: credentials.get(extra) });
        if ('errors' in begun) operation.end(codesOf(present(begun.errors, operation)));
        return 'errors' in begun ? begun.errors : begun.args;
      } catch (error) {
        operation.end(['INTERNAL_ERROR']);
        throw error;
      } finally {
        // graphql-ws keeps it for as long as the operation runs.
        Object.assign(payload, { query: '', variables: null, operationName: null, extensions: null });
      }
    },
    subscribe: subscribeWith(requests, parts.takeTurn),
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

/** What a client asks for by one message. */
interface SubscribeMessage {
  readonly id: string;
  readonly payload: SubscribePayload;
  readonly authorization: string | undefined;
}

/** Admits an operation and prepares it. @returns what is to be executed, or why nothing is */
type BeginOperation = (
  operation: SubscriptionOperation,
  connection: SubscriptionConnection,
  message: SubscribeMessage,
) => Promise<{ readonly args: ExecutionArgs } | { readonly errors: readonly GraphQLError[] }>;

function beginOperation(
  schema: GraphQLSchema,
  options: DocumentOptions,
  costs: OperationCosts,
  requests: RunningRequests,
  credentialRecheckMs: number,
): BeginOperation {
  return async (operation, connection, { id, payload, authorization }) => {
    try {
      takeRoom(connection.operations, operation);
      operation.credential = await connection.admit(authorization);
      if (id.length > MAX_ID_LENGTH) throw LONG_ID;
      const refusal = strangersRefusal(operation, payload, options);
      if (refusal !== undefined) return { errors: [refusal] };
      const request = requests.hold(payload, () =>
        prepareSubscription(schema, payload, options, costs, operation.requestId),
      );
      if ('errors' in request) {
        operation.refuse(request.document, request.type);
        return request;
      }
      operation.run(request, () => requests.release(request));
      operation.watchCredential(async () => await connection.judge(authorization), credentialRecheckMs);
      return { args: { ...request.prepared.args, schema, contextValue: operation } };
    } catch (error) {
      if (error instanceof GatewayError) return { errors: [refusedRequest(error, operation.requestId)] };
      throw error;
    }
  };
}

/** Strangers pay for the parsing of what they send, and are told where they were refused; nothing else is done for them. */
function strangersRefusal(
  operation: SubscriptionOperation,
  payload: SubscribePayload,
  options: DocumentOptions,
): GraphQLError | undefined {
  try {
    viewerOf(operation.credential);
    return undefined;
  } catch (error) {
    const { message, extensions } = toGraphQLError(error, operation);
    const { document, type, field } = sketchOperation(payload, options);
    operation.refuse(document, type);
    if (field === undefined) return new GraphQLError(message, { extensions });
    return new GraphQLError(message, {
      extensions,
      nodes: field,
      path: [field.alias?.value ?? field.name.value],
    });
  }
}

/** Those that are not admitted yet have their room, too: an issuer may take its time. @throws OVERLOADED */
function takeRoom(operations: SubscriptionConnection['operations'], operation: SubscriptionOperation): void {
  if (operations.size >= MAX_OPERATIONS) throw TOO_MANY;
  operations.add(operation);
  operation.onEnd(() => operations.delete(operation));
}

/** The errors that graphql-ws wraps, which keep their path. */
function originals(error: GraphQLError): readonly GraphQLError[] {
  const { originalError } = error;
  if (originalError instanceof SubscriptionRefused) return originalError.errors;
  return [originalError instanceof GraphQLError ? originalError : error];
}
