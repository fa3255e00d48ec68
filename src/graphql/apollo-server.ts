import {
  ApolloServer,
  type ApolloServerOptions,
  type ApolloServerPlugin,
  type GraphQLRequestContext,
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
import { concludeOperation, type OnOperation } from './conclude-operation.js';
import type { GatewayContext } from './context.js';
import type { DocumentLimits } from './document-limits.js';
import { documentLimitsPlugin } from './document-limits-plugin.js';
import { refusedRequest, transportFault, variablesFault } from './executable.js';
import type { KnownDocuments } from './plans/known-documents.js';
import { presentErrors } from './request-errors.js';

/** What the environment decides about the GraphQL server. */
export interface ApolloOptions extends DocumentLimits {
  readonly introspection: boolean;
  /** Tokens of a document; a longer one is refused before it is parsed any further. */
  readonly maxTokens: number;
}

/**
 * Apollo Server over the gateway's schema: parsing, validation, persisted queries and their caches. It judges every document;
 * those that it has executed once are known from then on.
 */
export function createApolloServer(
  schema: GraphQLSchema,
  { introspection, maxTokens, ...limits }: ApolloOptions,
  onOperation: OnOperation,
  known: KnownDocuments,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    csrfPrevention: true,
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
      documentLimitsPlugin(limits),
      answersPlugin(onOperation, known),
    ],
  });
}

/** Apollo's default, 30 MiB of them, takes 170 MB of memory when strangers send ever new documents. */
const MAX_CHARACTERS = 500_000;

/** So much a document counts at least: one that was refused is empty. */
const LEAST_CHARACTERS = 1_000;

/** Documents by their hash, valid or refused, for a while. */
function documentStore(): NonNullable<ApolloServerOptions<GatewayContext>['documentStore']> {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ loc }) => Math.max(LEAST_CHARACTERS, loc?.source.body.length ?? 0),
  });
  return {
    get: async (hash) => await Promise.resolve(documents.get(hash)),
    set: async (hash, document) => {
      await Promise.resolve(documents.set(hash, document));
    },
    delete: async (hash) => await Promise.resolve(documents.delete(hash)),
  };
}

/** Checks variables before graphql-js does, and puts everything that is wrong with a request itself into our words. */
function answersPlugin(onOperation: OnOperation, known: KnownDocuments): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () =>
      await Promise.resolve({
        didResolveOperation: async (request) => {
          await Promise.resolve();
          assertExecutable(request);
        },
        willSendResponse: async ({ response, errors, operation, document, schema, source, contextValue }) => {
          await Promise.resolve();
          const ended = { context: contextValue, schema, document, operation, errors: errors ?? [] };
          const presented = concludeOperation(ended, onOperation);
          if (response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          if (errors !== undefined) singleResult.errors = presented;
          const isExecuted = 'data' in singleResult;
          if (isExecuted && document !== undefined) known.learn(source, document);
        },
      }),
  };
}

function assertExecutable({
  schema,
  document,
  operation,
  request,
  contextValue: { requestId },
}: GraphQLRequestContext<GatewayContext>): void {
  if (document === undefined || operation === undefined) return;
  const fault =
    transportFault('http', operation) ?? variablesFault(schema, document, operation, request.variables ?? {});
  if (fault !== undefined) throw refusedRequest(fault, requestId);
}
