import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
} from 'graphql';
import type { OperationCosts } from '../cost/operation-costs.js';
import { parsedDocument, unfitDocument, validationErrors } from '../documents/validate-document.js';
import type { DocumentOptions } from '../documents/limits.js';
import { presentErrors } from '../errors/request-errors.js';
import type { TrustedDocuments } from './trusted-documents.js';

/** What documents are validated with. */
export interface ValidationParts {
  readonly schema: GraphQLSchema;
  readonly costs: OperationCosts;
  readonly options: DocumentOptions;
}

/** What is wrong with a trusted document; whoever asks for it gets the same message. */
export interface DocumentError {
  readonly id: string;
  readonly message: string;
}

/**
 * Validates all trusted documents.
 * @param onValid called with each document that runs
 * @returns what is wrong with the others
 */
export function validateDocuments(
  documents: TrustedDocuments,
  parts: ValidationParts,
  onValid: (text: string, document: DocumentNode) => void = () => undefined,
): readonly DocumentError[] {
  return [...documents.all].flatMap(([id, listed]) => {
    if ('refusal' in listed) return [{ id, message: listed.refusal }];
    const validated = validateDocument(listed.text, parts);
    if ('document' in validated) {
      onValid(listed.text, validated.document);
      return [];
    }
    return validated.errors.map((error) => ({ id, message: error }));
  });
}

type ValidatedDocument = { readonly document: DocumentNode } | { readonly errors: readonly string[] };

function validateDocument(text: string, { schema, costs, options }: ValidationParts): ValidatedDocument {
  const document = parsedDocument(text, options.maxTokens);
  if (document instanceof GraphQLError) return { errors: messagesOf([document], schema) };
  const unfit = unfitDocument(document, options);
  if (unfit !== undefined) return { errors: [unfit.message] };
  const errors = validationErrors(schema, document, options);
  if (errors.length > 0) return { errors: messagesOf(errors, schema, document) };
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operations.length === 0) return { errors: ['The document has no operation.'] };
  const messages = operations.flatMap((operation) => {
    const { error } = costs.check(document, operation, leastOf(operation));
    return error === undefined ? [] : [error.message];
  });
  return messages.length > 0 ? { errors: messages } : { document };
}

/** In the words of the error that clients get, without the values of the document. */
function messagesOf(
  errors: readonly GraphQLError[],
  schema: GraphQLSchema,
  document?: DocumentNode,
): readonly string[] {
  return presentErrors(errors, { requestId: '', schema, document }).map(({ message }) => message);
}

/** The variables that ask for least: what is too large with them is too large with any. */
function leastOf({ variableDefinitions = [] }: OperationDefinitionNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    variableDefinitions.map(({ variable, type }) => [variable.name.value, isList(type) ? [] : 0]),
  );
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));
}
