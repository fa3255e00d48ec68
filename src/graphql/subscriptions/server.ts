import type { GraphQLFormattedError } from 'graphql';
import { makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { Credential } from '../../auth/credential.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { refusedRequest } from '../documents/operation-checks.js';
import { codesOf } from '../errors/request-errors.js';
import { authorizationOf } from './connection-credentials.js';
import type { SubscriptionOperation } from './operation.js';
import type { DeliveryParts } from './response-stream.js';
import {
  type BegunSubscription,
  endingErrors,
  refusedSubscription,
  type SubscriptionRequest,
  type Subscriptions,
} from './subscriptions.js';

/** One client, connected by WebSocket. */
interface SubscriptionConnection {
  /** The `Authorization` header of the request that opened it. */
  readonly authorization: string | undefined;
  /** Says who the client is. */
  readonly authenticate: (authorization: string | undefined) => Promise<Credential>;
  /** The same for one operation more. @throws RATE_LIMITED when the client has asked for too many */
  readonly authenticateAndCount: (authorization: string | undefined) => Promise<Credential>;
  /** What runs on it; whoever owns the connection ends what is left when it closes. */
  readonly operations: Set<Pick<SubscriptionOperation, 'end'>>;
  /** Waits until an event may be on its way to the client. @returns undefined when the signal was aborted before */
  readonly acquireDelivery: DeliveryParts['acquire'];
  /** Ends the connection of a client that does not keep up, after the errors of the operation with this id. */
  readonly dropOverloaded: (id: string, errors: readonly GraphQLFormattedError[]) => void;
}

/** Serves clients by the protocol graphql-transport-ws. */
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

/** The server of the WebSocket protocol. Every error that it sends has the shape of one over HTTP. */
export function createSubscriptionServer(subscriptions: Subscriptions): SubscriptionServer {
  /** By the message that started them: a client may use an id anew while the one before is still ending. */
  const operations = new WeakMap<SubscribePayload, SubscriptionOperation>();
  const credentials = new WeakMap<SubscriptionConnection, string>();
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
      const operation = subscriptions.open({
        acquireDelivery: extra.acquireDelivery,
        onOverload: (error) => {
          operation.end([error.code]);
          const errors = [refusedRequest(error, operation.requestId)];
          extra.dropOverloaded(id, subscriptions.present(errors, operation));
        },
      });
      operations.set(payload, operation);
      try {
        const message = { id, payload: requestIn(payload), authorization: credentials.get(extra) };
        const begun = await beginOperation(subscriptions, operation, extra, message);
        if ('errors' in begun) operation.end(codesOf(subscriptions.present(begun.errors, operation)));
        return 'errors' in begun ? begun.errors : begun.args;
      } catch (error) {
        operation.end(['INTERNAL_ERROR']);
        throw error;
      } finally {
        // graphql-ws keeps it for as long as the operation runs.
        Object.assign(payload, NOTHING_KEPT);
      }
    },
    subscribe: subscriptions.subscribe,
    onNext: (_, __, payload, ___, { data, errors }) => {
      const operation = operations.get(payload);
      if (errors === undefined || operation === undefined) return undefined;
      const presented = subscriptions.present(errors, operation);
      for (const code of codesOf(presented)) subscriptions.parts.metrics.errorAnswered(code);
      return { data: data ?? null, errors: presented };
    },
    onError: (_, __, payload, errors) => {
      const operation = operations.get(payload);
      if (operation === undefined) return undefined;
      const ending = errors.flatMap((error) => endingErrors(error, operation));
      const presented = subscriptions.present(ending, operation);
      operation.end(codesOf(presented));
      return presented;
    },
    onComplete: (_, __, payload) => operations.get(payload)?.end(),
  });
}

const NOTHING_KEPT = {
  query: '',
  documentId: null,
  variables: null,
  operationName: null,
  extensions: null,
} satisfies SubscriptionRequest;

/** What a payload asks for: clients that only write the protocol's own fields put the document's id among the extensions. */
function requestIn(payload: SubscriptionRequest): SubscriptionRequest {
  return { ...payload, documentId: payload.documentId ?? payload.extensions?.['documentId'] };
}

/** What a client asks for by one message. */
interface SubscribeMessage {
  readonly id: string;
  readonly payload: SubscriptionRequest;
  readonly authorization: string | undefined;
}

/** Admits an operation and prepares it. */
async function beginOperation(
  subscriptions: Subscriptions,
  operation: SubscriptionOperation,
  connection: SubscriptionConnection,
  { id, payload, authorization }: SubscribeMessage,
): Promise<BegunSubscription> {
  try {
    addOperation(connection.operations, operation);
    operation.credential = await connection.authenticateAndCount(authorization);
    if (id.length > MAX_ID_LENGTH) throw LONG_ID;
  } catch (error) {
    return refusedSubscription(error, operation);
  }
  return subscriptions.begin(operation, payload, async () => await connection.authenticate(authorization));
}

/** Operations of a connection that is not authenticated yet count as well: an issuer may take its time. @throws OVERLOADED */
function addOperation(
  operations: SubscriptionConnection['operations'],
  operation: SubscriptionOperation,
): void {
  if (operations.size >= MAX_OPERATIONS) throw TOO_MANY;
  operations.add(operation);
  operation.onEnd(() => operations.delete(operation));
}
