import { isRecord } from '../documents/is-record.js';
import type { GraphQLSchema } from 'graphql';
import { finishOperation, type OnOperation } from './finish-operation.js';
import type { GatewayContext } from '../request/context.js';
import { letGo } from '../request/held-lists.js';
import type { PlanCache, OperationRequest } from './plan-cache.js';
import { toGraphQLError } from '../errors/resolver-errors.js';
import { runPlan } from './run-plan.js';

/**
 * Answers a request for an operation of a known document.
 * @param body as the client sent it
 * @returns the body of the answer; undefined when the request must be validated first
 */
export type ExecuteCached = (body: unknown, context: GatewayContext) => Promise<string | undefined>;

/** Answers requests for known documents with the same bytes that Apollo Server would. */
export function cachedExecutor(
  documents: PlanCache,
  schema: GraphQLSchema,
  onOperation: OnOperation,
): ExecuteCached {
  return async (body, context) => {
    const request = operationRequest(body);
    const ready = request && documents.find(request);
    if (ready === undefined) return undefined;
    const { plan, operation, document, variables, meter } = ready;
    context.meter = meter;
    context.held = [];
    const result = await runPlan(plan, context, variables, meter);
    const { data, errors } = meter?.error
      ? { data: null, errors: [toGraphQLError(meter.error, context)] }
      : result;
    const presented = finishOperation({ context, schema, document, operation, errors }, onOperation);
    const text = `${JSON.stringify(presented.length > 0 ? { errors: presented, data } : { data })}\n`;
    letGo(context, data);
    return text;
  };
}

/** The usual shape of a request; whatever else there is, e.g. persisted queries, is checked elsewhere. */
function operationRequest(body: unknown): OperationRequest | undefined {
  if (!isRecord(body)) return undefined;
  const { query, variables = null, operationName = null, extensions = null } = body;
  if (typeof query !== 'string' || (extensions !== null && !isRecord(extensions))) return undefined;
  if (extensions !== null && 'persistedQuery' in extensions) return undefined;
  if (variables !== null && !isRecord(variables)) return undefined;
  if (operationName === null || operationName === '') {
    return { query, operationName: undefined, variables: variables ?? {} };
  }
  if (typeof operationName !== 'string') return undefined;
  return { query, operationName, variables: variables ?? {} };
}
