import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { isRecord } from '../documents/is-record.js';
import type { HttpParameters } from '../trusted/http-parameters.js';
import type { RequestedDocuments } from '../trusted/requested-document.js';
import type { SubscriptionRequest } from './subscriptions.js';

/**
 * What a request over HTTP subscribes to. Anything else is left to what checks requests over HTTP: what is malformed, what
 * cannot be parsed, and what is no subscription.
 * @param documents know the text of what a request only names
 */
export function subscriptionIn(
  given: HttpParameters,
  documents: Pick<RequestedDocuments, 'textOf'>,
  maxTokens: number,
): SubscriptionRequest | undefined {
  const request = requestOf('body' in given ? given.body : fromSearch(given.search));
  const text = request && documents.textOf(request);
  return text !== undefined && isSubscription(text, request?.operationName, maxTokens) ? request : undefined;
}

function isSubscription(
  query: string,
  operationName: SubscriptionRequest['operationName'],
  maxTokens: number,
): boolean {
  if (!query.includes(OperationTypeNode.SUBSCRIPTION)) return false;
  try {
    const document = parse(query, { maxLexicalTokens: maxTokens });
    return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    return false;
  }
}

function requestOf(value: unknown): SubscriptionRequest | undefined {
  if (!isRecord(value)) return undefined;
  const { query: text, documentId, operationName = null, variables = null, extensions = null } = value;
  const query = text ?? '';
  if (typeof query !== 'string') return undefined;
  if (variables !== null && !isRecord(variables)) return undefined;
  if (extensions !== null && !isRecord(extensions)) return undefined;
  if (operationName !== null && typeof operationName !== 'string') return undefined;
  const name = operationName === '' ? null : operationName;
  return { query, documentId, operationName: name, variables, extensions };
}

/** The parameters of a GET: of those that stand there twice, or hold no JSON, there is no reading. */
function fromSearch(search: string): unknown {
  const given = new URLSearchParams(search);
  const names = ['query', 'documentId', 'operationName', 'variables', 'extensions'];
  if (names.some((name) => given.getAll(name).length > 1)) return undefined;
  try {
    const { variables, extensions, ...texts } = Object.fromEntries(given);
    return { ...texts, variables: fromJson(variables), extensions: fromJson(extensions) };
  } catch {
    return undefined;
  }
}

function fromJson(text: string | undefined): unknown {
  return text === undefined || text === '' ? null : JSON.parse(text);
}
