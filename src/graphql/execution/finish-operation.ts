import type {
  DocumentNode,
  GraphQLError,
  GraphQLFormattedError,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import type { GatewayContext } from '../request/context.js';
import { logPasswordReads, takePasswordReads } from '../request/password-reads.js';
import { codesOf, logUnforeseen, presentErrors } from '../errors/request-errors.js';

/**
 * Called after every operation that was answered.
 * @param type query or mutation; unknown for a document that could not be read
 * @param codes `extensions.code` of its errors
 */
export type OnOperation = (type: string, codes: readonly string[]) => void;

/** An operation that ended, as far as it is known. */
interface EndedOperation {
  readonly context: GatewayContext;
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode | undefined;
  readonly operation: OperationDefinitionNode | undefined;
  readonly errors: readonly GraphQLError[];
}

/**
 * What every operation ends with, whoever executed it: logs which passwords were read and unexpected errors, and reports how
 * it ended.
 * @returns its errors as clients get them
 */
export function finishOperation(
  { context, schema, document, operation, errors }: EndedOperation,
  onOperation: OnOperation,
): readonly GraphQLFormattedError[] {
  const { requestId, log } = context;
  logPasswordReads(context, takePasswordReads(context));
  const presented = presentErrors(errors, { requestId, schema, document });
  onOperation(operation?.operation ?? 'unknown', codesOf(presented));
  logUnforeseen(errors, log, requestId);
  return presented;
}
