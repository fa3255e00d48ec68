import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, Kind } from 'graphql';
import type { GatewayError } from '../errors/gateway-error.js';
import type { GatewayContext } from './request/context.js';
import { unfitDocument } from './documents/validate-document.js';
import type { DocumentLimits } from './documents/limits.js';
import { refusedRequest, transportError, variablesError } from './documents/operation-checks.js';
import type { OperationCosts } from './cost/operation-costs.js';

/**
 * Refuses what asks for too much, or would break graphql-js: documents once, before they are validated, and operations each time, because it is the
 * variables that say how long their lists are. Then the variables are checked, before graphql-js does. One plugin does it all: Apollo calls
 * those of several at once, and the variables of what is refused would be checked, too.
 */
export function documentLimitsPlugin(
  limits: DocumentLimits,
  costs: OperationCosts,
): ApolloServerPlugin<GatewayContext> {
  const errors = new WeakMap<DocumentNode, GatewayError>();
  return {
    requestDidStart: async () => ({
      validationDidStart: async (request) => {
        const { document } = request;
        const error = unfitDocument(document, limits);
        if (error === undefined) return;
        // Apollo has no way to refuse a document before its validation. An empty one is validated, and kept under the
        // same hash, in its place: whoever sends it again is refused without another look at it.
        const refused: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };
        errors.set(refused, error);
        Object.assign(request, { document: refused });
      },
      didResolveOperation: async ({ schema, document, operation, request, contextValue }) => {
        const refused = errors.get(document);
        if (refused !== undefined) throw refusedRequest(refused, contextValue.requestId);
        if (!operation) return;
        const variables = request.variables ?? {};
        const { error, meter } = costs.check(document, operation, variables);
        const unfit =
          error ??
          transportError('answer', operation) ??
          variablesError(schema, document, operation, variables);
        if (unfit !== undefined) throw refusedRequest(unfit, contextValue.requestId);
        contextValue.meter = meter;
      },
    }),
  };
}
