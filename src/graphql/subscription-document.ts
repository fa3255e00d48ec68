import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  type OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { ErrorCode } from '../errors/catalogue.js';
import { GatewayError } from '../errors/gateway-error.js';
import { costFault } from './document-cost.js';
import { documentFault, type DocumentLimits } from './document-limits.js';
import { refusedRequest, transportFault, variablesFault } from './executable.js';

/** What the environment decides about documents. */
export interface DocumentOptions extends DocumentLimits {
  /** False leaves out of errors what tells strangers the schema. */
  readonly introspection: boolean;
  readonly maxTokens: number;
}

/** A subscription that can be executed, or why not. */
export type PreparedSubscription =
  | {
      readonly document: DocumentNode;
      readonly args: Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'>;
    }
  | {
      readonly document: DocumentNode | undefined;
      /** The kind of operation; undefined for a document that could not be read, or is not valid. */
      readonly type?: OperationTypeNode;
      readonly errors: readonly GraphQLError[];
    };

/** Does with a document from a WebSocket what Apollo Server does with one from HTTP, by the same rules. */
export function prepareSubscription(
  schema: GraphQLSchema,
  { query, operationName, variables }: SubscribePayload,
  options: DocumentOptions,
  requestId: string,
): PreparedSubscription {
  const document = parsed(query, options.maxTokens);
  if (document instanceof GraphQLError) return { errors: [document], document: undefined };
  const refused = (fault: GatewayError, type?: OperationTypeNode): PreparedSubscription => ({
    errors: [refusedRequest(fault, requestId)],
    document,
    ...(type && { type }),
  });
  const operation = getOperationAST(document, operationName);
  // Before validation, so that a document that is meant for HTTP is told so whatever is in it.
  const misplaced = operation && transportFault('websocket', operation);
  if (misplaced) return refused(misplaced, operation.operation);
  const oversized = documentFault(document, options);
  if (oversized !== undefined) return refused(oversized);
  const faults = validate(schema, document);
  if (faults.length > 0) {
    return {
      errors: faults.map((fault) => coded(fault, 'GRAPHQL_VALIDATION_FAILED', options.introspection)),
      document,
    };
  }
  if (!operation) {
    return refused(new GatewayError('BAD_REQUEST', { message: 'The document has no such operation.' }));
  }
  const unfit =
    costFault(schema, document, operation, variables ?? {}) ??
    variablesFault(schema, document, operation, variables ?? {});
  if (unfit !== undefined) return refused(unfit, operation.operation);
  return {
    document,
    args: { document, operationName: operationName ?? null, variableValues: variables ?? {} },
  };
}

function parsed(query: string, maxTokens: number): DocumentNode | GraphQLError {
  try {
    return parse(query, { maxLexicalTokens: maxTokens });
  } catch (error) {
    if (error instanceof GraphQLError) return coded(error, 'GRAPHQL_PARSE_FAILED', true);
    throw error;
  }
}

/** An error of graphql-js with the code that Apollo Server would give it. */
function coded(
  { message, nodes, source, positions }: GraphQLError,
  code: ErrorCode,
  hints: boolean,
): GraphQLError {
  const told = hints ? message : message.replace(/ ?Did you mean(.+?)\?$/, '');
  return new GraphQLError(told, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code },
  });
}
