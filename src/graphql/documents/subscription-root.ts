import { type DocumentNode, Kind, OperationTypeNode, type SelectionSetNode } from 'graphql';
import { GatewayError } from '../../errors/gateway-error.js';
import { fragmentMeasures } from './fragments.js';

/**
 * What is wrong with the roots of a document's subscriptions: `@skip` and `@include` could leave nothing to watch, so there are none
 * (specification of September 2025, 5.2.3.1). graphql-js does not know the rule yet: its validation throws for a variable there.
 */
export function subscriptionRootError(document: DocumentNode): GatewayError | undefined {
  const isConditional = fragmentMeasures(
    document,
    ({ selectionSet }): boolean => hasCondition(selectionSet, isConditional),
    false,
  );
  const isRefused = document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION &&
      definition.operation === OperationTypeNode.SUBSCRIPTION &&
      hasCondition(definition.selectionSet, isConditional),
  );
  if (!isRefused) return undefined;
  const message = 'The field of a subscription takes neither @skip nor @include.';
  return new GatewayError('GRAPHQL_VALIDATION_FAILED', { message });
}

function hasCondition(
  { selections }: SelectionSetNode,
  isConditional: (fragment: string) => boolean,
): boolean {
  return selections.some((selection) => {
    if (selection.directives?.some(({ name: { value } }) => value === 'skip' || value === 'include')) {
      return true;
    }
    switch (selection.kind) {
      case Kind.FIELD:
        return false;
      case Kind.INLINE_FRAGMENT:
        return hasCondition(selection.selectionSet, isConditional);
      case Kind.FRAGMENT_SPREAD:
        return isConditional(selection.name.value);
    }
  });
}
