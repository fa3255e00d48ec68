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
import { refusedRequest } from './executable.js';
import { logUnforeseen, presentErrors } from './request-errors.js';
import { type DocumentOptions, prepareSubscription } from './subscription-document.js';
import { SubscriptionOperation, type SubscriptionParts } from './subscription-operation.js';

/** One client, connected by WebSocket. */
interface SubscriptionConnection {
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
  return makeServer<Record<string, unknown>, SubscriptionConnection>({
    connectionInitWaitTimeout: INIT_TIMEOUT_MS,
    onSubscribe: async ({ extra, connectionParams }, id, payload) => {
      const authorization = authorizationOf(connectionParams);
      const operation = new SubscriptionOperation(parts, (error) =>
        extra.dropOverloaded(id, present([refusedRequest(error, operation.requestId)], operation)),
      );
      operations.set(payload, operation);
      try {
        operation.credential = await extra.admit(authorization);
        if (extra.operations.size >= MAX_OPERATIONS) throw TOO_MANY;
        const prepared = prepareSubscription(schema, payload, options, operation.requestId);
        operation.document = prepared.document;
        if ('errors' in prepared) {
          // To strangers everything else looks alike.
          viewerOf(operation.credential);
          return prepared.errors;
        }
        extra.operations.add(operation);
        operation.onEnd(() => extra.operations.delete(operation));
        const ask = async (): Promise<Credential> => await extra.judge(authorization);
        operation.watchCredential(ask, parts.credentialRecheckMs);
        return { ...prepared.args, schema, contextValue: operation };
      } catch (error) {
        if (error instanceof GatewayError) return [refusedRequest(error, operation.requestId)];
        throw error;
      }
    },
    subscribe: subscribeOrRefuse,
    onNext: (_, __, payload, ___, { data, errors }) => {
      const operation = operations.get(payload);
      if (errors === undefined || operation === undefined) return undefined;
      return { data: data ?? null, errors: present(errors, operation) };
    },
    onError: (_, __, payload, errors) => {
      const operation = operations.get(payload);
      return operation && present(errors.flatMap(originals), operation);
    },
    onComplete: (_, __, payload) => operations.get(payload)?.end(),
  });
}

/** The credentials, as the header of HTTP would have them. */
function authorizationOf(params: Readonly<Record<string, unknown>> = {}): string | undefined {
  const given = params['authorization'] ?? params['Authorization'];
  if (given === undefined || given === null) return undefined;
  return typeof given === 'string' ? given : 'no text';
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
