import {
  ApolloServer,
  type ApolloServerOptions,
  type ApolloServerPlugin,
  type HTTPGraphQLHead,
} from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { type DocumentNode, GraphQLError, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { meteredFieldResolver } from './request/answer-meter.js';
import { answerTypeFor } from './request/answer-type.js';
import { finishOperation, type OnOperation } from './execution/finish-operation.js';
import type { GatewayContext } from './request/context.js';
import type { DocumentOptions } from './documents/limits.js';
import { documentLimitsPlugin } from './document-limits-plugin.js';
import { documentBytes } from './documents/weight.js';
import type { OperationCosts } from './cost/operation-costs.js';
import type { PlanCache } from './execution/plan-cache.js';
import { presentErrors } from './errors/request-errors.js';
import { toGraphQLError } from './errors/resolver-errors.js';
import { MAX_REQUEST_VIOLATIONS } from './documents/variable-violations.js';

/**
 * Apollo Server over the gateway's schema: parsing, validation, persisted queries and their caches. It validates every document;
 * those that it has executed once are known from then on.
 */
export function createApolloServer(
  schema: GraphQLSchema,
  { introspection, maxTokens, ...limits }: DocumentOptions,
  onOperation: OnOperation,
  known: PlanCache,
  costs: OperationCosts,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema,
    introspection,
    fieldResolver: meteredFieldResolver,
    // Apollo's own option looks for hints with a regular expression that is quadratic in what clients send.
    validationOptions: { maxErrors: MAX_REQUEST_VIOLATIONS, hideSuggestions: !introspection },
    // The HTTP layer does it (http/core/forgery.ts), and accepts a bearer token as proof.
    csrfPrevention: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    documentStore: documentStore(),
    parseOptions: { maxLexicalTokens: maxTokens },
    // What fails before there is a context: the HTTP layer adds the request's id.
    formatError: (formatted, error) => {
      const known = error instanceof GraphQLError ? error : new GraphQLError(formatted.message);
      return presentErrors([known], { requestId: '', schema })[0] ?? formatted;
    },
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      documentLimitsPlugin(limits, costs),
      answersPlugin(onOperation, known),
    ],
  });
}

/** Maximum memory of parsed documents: Apollo's default, 30 MiB of text, takes far more when strangers send ever new ones. */
const MAX_DOCUMENTS_BYTES = 16_000_000;

/** Documents by their hash, valid or refused, for a while. */
function documentStore(): NonNullable<ApolloServerOptions<GatewayContext>['documentStore']> {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: MAX_DOCUMENTS_BYTES,
    sizeCalculation: documentBytes,
  });
  return {
    get: async (hash) => documents.get(hash),
    set: async (hash, document) => {
      documents.set(hash, document);
    },
    delete: async (hash) => documents.delete(hash),
  };
}

/** Gives every error of a request itself a message of the gateway's. */
function answersPlugin(onOperation: OnOperation, known: PlanCache): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async ({ request }) => {
      if (request.operationName === '') delete request.operationName;
      return {
        willSendResponse: async ({ response, errors, operation, document, schema, source, contextValue }) => {
          statusForType(response.http, request.http?.headers.get('accept'), source);
          const oversized = contextValue.meter?.error;
          const all = oversized === undefined ? errors : [toGraphQLError(oversized, contextValue)];
          const ended = { context: contextValue, schema, document, operation, errors: all ?? [] };
          const presented = finishOperation(ended, onOperation);
          if (response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          const isExecuted = 'data' in singleResult;
          if (all !== undefined) singleResult.errors = presented;
          if (oversized !== undefined && isExecuted) singleResult.data = null;
          if (isExecuted && document !== undefined) known.learn(source, document);
        },
      };
    },
  };
}

/**
 * Chooses the type of an answer, and with it the status of a request that is well-formed and whose document is not executed:
 * a client that only knows `application/json` gets it with 200 (GraphQL over HTTP, 6.4.1).
 * @param source the document; undefined for a request that lacks it, which is malformed
 */
function statusForType(
  answer: HTTPGraphQLHead,
  accept: string | undefined,
  source: string | undefined,
): void {
  const type = answerTypeFor(accept);
  if (type === undefined) return;
  answer.headers.set('content-type', `${type}; charset=utf-8`);
  if (type === 'application/json' && answer.status === 400 && source !== undefined) answer.status = 200;
}
