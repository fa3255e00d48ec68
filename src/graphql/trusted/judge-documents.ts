import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type TypeNode,
} from 'graphql';
import type { OperationCosts } from '../cost/operation-costs.js';
import { parsedDocument, unfitDocument, validationErrors } from '../documents/judge-document.js';
import type { DocumentOptions } from '../documents/limits.js';
import { presentErrors } from '../errors/request-errors.js';
import type { TrustedDocuments } from './trusted-documents.js';

/** What documents are judged by. */
export interface JudgeParts {
  readonly schema: GraphQLSchema;
  readonly costs: OperationCosts;
  readonly options: DocumentOptions;
}

/** What is wrong with a trusted document; whoever asks for it is told the same. */
export interface DocumentFault {
  readonly id: string;
  readonly message: string;
}

/**
 * Judges all trusted documents.
 * @param onValid told of each document that runs
 * @returns what is wrong with the others
 */
export function judgeDocuments(
  documents: TrustedDocuments,
  parts: JudgeParts,
  onValid: (text: string, document: DocumentNode) => void = () => undefined,
): readonly DocumentFault[] {
  return [...documents.all].flatMap(([id, listed]) => {
    if ('fault' in listed) return [{ id, message: listed.fault }];
    const judged = judgeDocument(listed.text, parts);
    if ('document' in judged) {
      onValid(listed.text, judged.document);
      return [];
    }
    return judged.errors.map((error) => ({ id, message: error }));
  });
}

type JudgedDocument = { readonly document: DocumentNode } | { readonly errors: readonly string[] };

function judgeDocument(text: string, { schema, costs, options }: JudgeParts): JudgedDocument {
  const document = parsedDocument(text, options.maxTokens);
  if (document instanceof GraphQLError) return { errors: messagesOf([document], schema) };
  const unfit = unfitDocument(document, options);
  if (unfit !== undefined) return { errors: [unfit.message] };
  const errors = validationErrors(schema, document, options);
  if (errors.length > 0) return { errors: messagesOf(errors, schema, document) };
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
  if (operations.length === 0) return { errors: ['The document has no operation.'] };
  const messages = operations.flatMap((operation) => {
    const { error } = costs.judge(document, operation, leastOf(operation));
    return error === undefined ? [] : [error.message];
  });
  return messages.length > 0 ? { errors: messages } : { document };
}

/** In the words that clients are told, without the values of the document. */
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
