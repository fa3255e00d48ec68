import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestContext } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { GatewayContext } from './context.js';
import type { DocumentLimits } from './document-limits.js';
import { documentLimitsPlugin } from './document-limits-plugin.js';
import { refusedRequest, transportFault, variablesFault } from './executable.js';
import { logPasswordReads } from './password-reads.js';
import { logUnforeseen, presentErrors } from './request-errors.js';

/**
 * Told of every operation that was answered.
 * @param type query or mutation; unknown for a document that could not be read
 * @param codes `extensions.code` of its errors
 */
type OnOperation = (type: string, codes: readonly string[]) => void;

/** What the environment decides about the GraphQL server. */
export interface ApolloOptions extends DocumentLimits {
  readonly introspection: boolean;
  /** Tokens of a document; a longer one is refused before it is parsed any further. */
  readonly maxTokens: number;
}

/** Apollo Server over the gateway's schema: parsing, validation, persisted queries and their caches. */
export function createApolloServer(
  schema: GraphQLSchema,
  { introspection, maxTokens, ...limits }: ApolloOptions,
  onOperation: OnOperation,
): ApolloServer<GatewayContext> {
  return new ApolloServer<GatewayContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !introspection,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
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
      answersPlugin(onOperation),
    ],
  });
}

/**
 * Checks variables before graphql-js does, puts everything that is wrong with a request itself into our words, logs who
 * got to see passwords, and tells how the operation ended.
 */
function answersPlugin(onOperation: OnOperation): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () =>
      await Promise.resolve({
        didResolveOperation: async (request) => {
          await Promise.resolve();
          assertExecutable(request);
        },
        willSendResponse: async ({ response, errors, operation, document, schema, contextValue }) => {
          await Promise.resolve();
          logPasswordReads(contextValue);
          const { requestId, log } = contextValue;
          const presented = presentErrors(errors ?? [], { requestId, schema, document });
          const codes = presented.map(({ extensions }) => String(extensions?.['code']));
          onOperation(operation?.operation ?? 'unknown', codes);
          if (errors === undefined || response.body.kind !== 'single') return;
          response.body.singleResult.errors = presented;
          logUnforeseen(errors, log, requestId);
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
