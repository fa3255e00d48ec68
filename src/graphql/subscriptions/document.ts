import {
  type DocumentNode,
  type ExecutionArgs,
  type FieldNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { GatewayError } from '../../errors/gateway-error.js';
import { parsedDocument, unfitDocument, validationErrors } from '../documents/validate-document.js';
import type { DocumentOptions } from '../documents/limits.js';
import type { AnswerMeter } from '../request/answer-meter.js';
import { refusedRequest, transportError, variablesError } from '../documents/operation-checks.js';
import type { OperationCosts } from '../cost/operation-costs.js';

/** A subscription that can be executed, or why not. */
export type PreparedSubscription =
  | {
      readonly document: DocumentNode;
      readonly args: Pick<ExecutionArgs, 'document' | 'operationName' | 'variableValues'>;
      /** Measures each event; undefined when none can be too long. */
      readonly meter: AnswerMeter | undefined;
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
  costs: OperationCosts,
  requestId: string,
): PreparedSubscription {
  const document = parsedDocument(query, options.maxTokens);
  if (document instanceof GraphQLError) return { errors: [document], document: undefined };
  const refused = (error: GatewayError, type?: OperationTypeNode): PreparedSubscription => ({
    errors: [refusedRequest(error, requestId)],
    document,
    ...(type && { type }),
  });
  const operation = operationOf(document, operationName);
  // Before validation, so that a document that is meant for HTTP gets this error whatever is in it.
  const misplaced = operation && transportError('events', operation);
  if (misplaced) return refused(misplaced, operation.operation);
  const tooLarge = unfitDocument(document, options);
  if (tooLarge !== undefined) return refused(tooLarge);
  const errors = validationErrors(schema, document, options);
  if (errors.length > 0) return { errors, document };
  if (!operation) {
    return refused(new GatewayError('BAD_REQUEST', { message: 'The document has no such operation.' }));
  }
  const values = variables ?? {};
  const { error, meter } = costs.check(document, operation, values);
  const unfit = error ?? variablesError(schema, document, operation, values);
  if (unfit !== undefined) return refused(unfit, operation.operation);
  const name = operation.name?.value ?? null;
  return { document, args: { document, operationName: name, variableValues: values }, meter };
}

/** The part of an operation that the refusal of a stranger shows. */
export interface OperationSketch {
  readonly document: DocumentNode | undefined;
  readonly type: OperationTypeNode | undefined;
  /** The field that a subscription has at its root; undefined for anything else. */
  readonly field: FieldNode | undefined;
}

const NO_SKETCH: OperationSketch = { document: undefined, type: undefined, field: undefined };

/** Maximum number of characters of a document whose refusal names its place: what portals send is shorter. */
const MAX_SKETCHED = 5_000;

/** Parses an operation, unless it is long, and does no more: strangers can send any number of documents, and are refused whatever is in them. */
export function sketchOperation(
  { query, operationName }: SubscribePayload,
  { maxTokens }: DocumentOptions,
): OperationSketch {
  const document = query.length > MAX_SKETCHED ? undefined : parsedDocument(query, maxTokens);
  if (document === undefined || document instanceof GraphQLError) return NO_SKETCH;
  const operation = operationOf(document, operationName);
  const isSubscription = operation?.operation === OperationTypeNode.SUBSCRIPTION;
  const [root, ...others] = isSubscription ? operation.selectionSet.selections : [];
  const isField = root?.kind === Kind.FIELD && others.length === 0;
  return { document, type: operation?.operation, field: isField ? root : undefined };
}

function operationOf(
  document: DocumentNode,
  name: string | null | undefined,
): OperationDefinitionNode | null | undefined {
  return getOperationAST(document, name === '' ? undefined : name);
}
