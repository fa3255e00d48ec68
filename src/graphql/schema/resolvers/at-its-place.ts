import type { GraphQLError } from 'graphql';
import { GatewayError } from '../../../errors/gateway-error.js';
import type { GatewayContext } from '../../request/context.js';
import { toGraphQLError } from '../../errors/resolver-errors.js';

/**
 * Presents what an operation found for a list: an error stands at its own place, and what is there several times is
 * presented, and logged, once.
 */
export function eachAtItsPlace<Found extends object, Shown>(
  found: readonly (Found | GatewayError | null)[],
  context: Pick<GatewayContext, 'requestId' | 'log'>,
  present: (found: Found) => Shown,
): (Shown | GraphQLError | null)[] {
  const shown = new Map<Found | GatewayError, Shown | GraphQLError>();
  return found.map((one) => {
    if (one === null) return null;
    const known = shown.get(one);
    if (known !== undefined) return known;
    const first = one instanceof GatewayError ? toGraphQLError(one, context) : present(one);
    shown.set(one, first);
    return first;
  });
}
