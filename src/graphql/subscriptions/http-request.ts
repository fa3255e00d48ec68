import { isRecord } from '../request/is-record.js';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';

/**
 * What a request over HTTP subscribes to. Anything else is left to whoever judges requests over HTTP: what is malformed, what
 * cannot be parsed, and what is no subscription.
 * @param parameters the body of a POST, or the search of a GET
 */
export function subscriptionIn(parameters: unknown, maxTokens: number): SubscribePayload | undefined {
  const payload = payloadOf(typeof parameters === 'string' ? fromSearch(parameters) : parameters);
  return payload !== undefined && isSubscription(payload, maxTokens) ? payload : undefined;
}

function isSubscription({ query, operationName }: SubscribePayload, maxTokens: number): boolean {
  if (!query.includes(OperationTypeNode.SUBSCRIPTION)) return false;
  try {
    const document = parse(query, { maxLexicalTokens: maxTokens });
    return getOperationAST(document, operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
  } catch {
    return false;
  }
}

function payloadOf(value: unknown): SubscribePayload | undefined {
  if (!isRecord(value)) return undefined;
  const { query, operationName = null, variables = null, extensions = null } = value;
  if (typeof query !== 'string') return undefined;
  if (variables !== null && !isRecord(variables)) return undefined;
  if (extensions !== null && !isRecord(extensions)) return undefined;
  if (operationName !== null && typeof operationName !== 'string') return undefined;
  return { query, operationName: operationName === '' ? null : operationName, variables };
}

/** The parameters of a GET: of those that stand there twice, or hold no JSON, there is no reading. */
function fromSearch(search: string): unknown {
  const given = new URLSearchParams(search);
  const names = ['query', 'operationName', 'variables', 'extensions'];
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
