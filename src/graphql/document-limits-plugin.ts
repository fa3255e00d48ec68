import type { ApolloServerPlugin } from '@apollo/server';
import { type DocumentNode, Kind } from 'graphql';
import type { GatewayError } from '../errors/gateway-error.js';
import type { GatewayContext } from './request/context.js';
import { documentFault, type DocumentLimits } from './documents/limits.js';
import { refusedRequest } from './documents/operation-checks.js';
import type { OperationCosts } from './cost/operation-costs.js';
import { subscriptionRootFault } from './documents/subscription-root.js';

/**
 * Refuses what asks for too much, or would break graphql-js: documents once, before they are validated, and operations each time, because it is the
 * variables that say how long their lists are.
 */
export function documentLimitsPlugin(
  limits: DocumentLimits,
  costs: OperationCosts,
): ApolloServerPlugin<GatewayContext> {
  const faults = new WeakMap<DocumentNode, GatewayError>();
  return {
    requestDidStart: async () =>
      await Promise.resolve({
        validationDidStart: async (request) => {
          await Promise.resolve();
          const { document } = request;
          const fault = documentFault(document, limits) ?? subscriptionRootFault(document);
          if (fault === undefined) return;
          // Apollo has no way to refuse a document before its validation. An empty one is validated, and kept under the
          // same hash, in its place: whoever sends it again is refused without another look at it.
          const refused: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] };
          faults.set(refused, fault);
          Object.assign(request, { document: refused });
        },
        didResolveOperation: async ({ document, operation, request, contextValue }) => {
          await Promise.resolve();
          const refused = faults.get(document);
          if (refused !== undefined) throw refusedRequest(refused, contextValue.requestId);
          if (!operation) return;
          const { fault, meter } = costs.judge(document, operation, request.variables ?? {});
          if (fault !== undefined) throw refusedRequest(fault, contextValue.requestId);
          contextValue.meter = meter;
        },
      }),
  };
}
