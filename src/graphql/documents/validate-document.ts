import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { ErrorCode } from '../../errors/catalogue.js';
import type { GatewayError } from '../../errors/gateway-error.js';
import { documentError, type DocumentLimits, type DocumentOptions } from './limits.js';
import { subscriptionRootError } from './subscription-root.js';
import { MAX_REQUEST_VIOLATIONS } from './variable-violations.js';

// What Apollo Server does with documents that it is sent, by the same rules, for those that come another way.

/** A document, or the error with the code that Apollo Server would give it. */
export function parsedDocument(query: string, maxTokens: number): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxLexicalTokens: maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError) return coded(error, 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
}

/** What is too large about a document or breaks graphql-js; looked for before it is validated. */
export function unfitDocument(document: DocumentNode, limits: DocumentLimits): GatewayError | undefined {
  return documentError(document, limits) ?? subscriptionRootError(document);
}

/** Where a document does not fit the schema. */
export function validationErrors(
  schema: GraphQLSchema,
  document: DocumentNode,
  { introspection }: DocumentOptions,
): readonly GraphQLError[] {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const options = { maxErrors: MAX_REQUEST_VIOLATIONS, hideSuggestions: !introspection };
  return validate(schema, document, rules, options).map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED'));
}

function coded({ message, nodes, source, positions }: GraphQLError, code: ErrorCode): GraphQLError {
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}
