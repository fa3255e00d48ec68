import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { type Credential, viewerOf } from '../../auth/credential.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { refusedRequest } from '../documents/operation-checks.js';
import type { OperationCosts } from '../cost/operation-costs.js';
import { logUnforeseen, presentErrors } from '../errors/request-errors.js';
import { toGraphQLError } from '../errors/resolver-errors.js';
import { RunningRequests } from './running-requests.js';
import type { DocumentOptions } from '../documents/limits.js';
import { prepareSubscription, sketchOperation } from './document.js';
import { type ClientEnd, SubscriptionOperation, type SubscriptionParts } from './operation.js';
import { SubscriptionRefused, subscribeWith } from './stream.js';
import type { RequestedDocuments } from '../trusted/requested-document.js';

/** What is to be executed, or why nothing is. */
export type BegunSubscription =
  | { readonly args: ExecutionArgs }
  | { readonly errors: readonly GraphQLError[] };

/** What a client asks for. */
export interface SubscriptionRequest extends SubscribePayload {
  /** Names the document instead of `query`, which is empty then. */
  readonly documentId?: unknown;
}

/** The subscriptions of one process, whichever transport they come by: equal ones share their work. */
export class Subscriptions {
  readonly #schema: GraphQLSchema;
  readonly #costs: OperationCosts;
  readonly #requests = new RunningRequests();
  /** What executes those that were begun. */
  readonly subscribe: ReturnType<typeof subscribeWith>;

  constructor(
    schema: GraphQLSchema,
    readonly options: DocumentOptions,
    costs: OperationCosts,
    /** Says which documents run. */
    readonly documents: RequestedDocuments,
    readonly parts: SubscriptionParts,
  ) {
    this.#schema = schema;
    this.#costs = costs;
    this.subscribe = subscribeWith(this.#requests, parts.takeTurn);
  }

  /** An operation that is to be begun, or refused. */
  open(client: ClientEnd): SubscriptionOperation {
    return new SubscriptionOperation(this.parts, client);
  }

  /**
   * Prepares an operation whose credential is known.
   * @param revalidate validates that credential anew, as often as it must be
   */
  begin(
    operation: SubscriptionOperation,
    asked: SubscriptionRequest,
    revalidate: () => Promise<Credential>,
  ): BegunSubscription {
    try {
      const named = this.documents.chooseAlone(asked, operation.credential);
      if ('refusal' in named) return { errors: [named.refusal] };
      const payload = { ...asked, query: named.query ?? '' };
      const refusal = this.#strangersRefusal(operation, payload);
      if (refusal !== undefined) return { errors: [refusal] };
      const request = this.#requests.hold(payload, () =>
        prepareSubscription(this.#schema, payload, this.options, this.#costs, operation.requestId),
      );
      if ('errors' in request) {
        operation.refuse(request.document, request.type);
        return request;
      }
      operation.run(request, () => this.#requests.release(request));
      operation.watchCredential(revalidate, this.parts.credentialRecheckMs);
      return { args: { ...request.prepared.args, schema: this.#schema, contextValue: operation } };
    } catch (error) {
      return refusedSubscription(error, operation);
    }
  }

  /** The errors of an operation in wire format. */
  present(
    errors: readonly GraphQLError[],
    { requestId, document }: SubscriptionOperation,
  ): readonly GraphQLFormattedError[] {
    logUnforeseen(errors, this.parts.log, requestId);
    return presentErrors(errors, { requestId, schema: this.#schema, document });
  }

  /** For strangers a document is parsed, and its errors have their places in it; nothing else is done for them. */
  #strangersRefusal(operation: SubscriptionOperation, payload: SubscribePayload): GraphQLError | undefined {
    try {
      viewerOf(operation.credential);
      return undefined;
    } catch (error) {
      const { document, type, field } = sketchOperation(payload, this.options);
      operation.refuse(document, type);
      const place = field && { nodes: field, path: [field.alias?.value ?? field.name.value] };
      return toGraphQLError(error, operation, place);
    }
  }
}

/** What a refusal that was thrown says. @throws what is none */
export function refusedSubscription(
  error: unknown,
  { requestId }: SubscriptionOperation,
): Extract<BegunSubscription, { readonly errors: unknown }> {
  if (error instanceof GatewayError) return { errors: [refusedRequest(error, requestId)] };
  throw error;
}

/** The errors of a subscription that has failed, which keep their paths; graphql-ws has wrapped them once more. */
export function endingErrors(error: unknown, operation: SubscriptionOperation): readonly GraphQLError[] {
  if (error instanceof SubscriptionRefused) return error.errors;
  if (!(error instanceof GraphQLError)) return [toGraphQLError(error, operation)];
  const { originalError } = error;
  if (originalError instanceof SubscriptionRefused) return originalError.errors;
  return [originalError instanceof GraphQLError ? originalError : error];
}
