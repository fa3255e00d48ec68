import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from './context.js';
import { logPasswordReads } from './password-reads.js';
import { presentErrors } from './request-errors.js';

/**
 * Told of every operation that was answered.
 * @param type query or mutation; unknown for a document that could not be read
 * @param codes `extensions.code` of its errors
 */
export type OnOperation = (type: string, codes: readonly string[]) => void;

/** Looks at every answer on its way out: logs who got to see passwords, and tells how the operation ended. */
export function observeOperations(onOperation: OnOperation): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () =>
      await Promise.resolve({
        willSendResponse: async ({ errors = [], operation, document, schema, contextValue }) => {
          await Promise.resolve();
          logPasswordReads(contextValue);
          const { requestId } = contextValue;
          const presented = presentErrors(errors, { requestId, schema, document });
          onOperation(
            operation?.operation ?? 'unknown',
            presented.map(({ extensions }) => String(extensions?.['code'])),
          );
        },
      }),
  };
}
