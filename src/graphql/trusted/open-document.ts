import { type DocumentNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql';
import { fragmentMeasures } from '../documents/fragments.js';
import { parsedDocument } from '../documents/validate-document.js';

/** Fields that show the schema, and nobody's data. */
const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['__typename', '__schema', '__type', '_sdl', '_service']);
const ALWAYS_OPEN: ReadonlySet<string> = new Set(['__typename']);

/**
 * Whether a document asks for nothing but the schema, in all of its operations, and may.
 * @param introspection whether the schema may be asked for
 */
export function isOpenDocument(query: string, maxTokens: number, introspection: boolean): boolean {
  const open = introspection ? SCHEMA_FIELDS : ALWAYS_OPEN;
  const document = parsedDocument(query, maxTokens);
  return !(document instanceof GraphQLError) && hasOnlyRoots(document, open);
}

function hasOnlyRoots(document: DocumentNode, open: ReadonlySet<string>): boolean {
  const isOpenFragment = fragmentMeasures(
    document,
    ({ selectionSet }): boolean => isOpen(selectionSet, open, isOpenFragment),
    false,
  );
  return document.definitions.every(
    (definition) =>
      definition.kind !== Kind.OPERATION_DEFINITION || isOpen(definition.selectionSet, open, isOpenFragment),
  );
}

function isOpen(
  { selections }: SelectionSetNode,
  open: ReadonlySet<string>,
  isOpenFragment: (name: string) => boolean,
): boolean {
  return selections.every((selection) => {
    switch (selection.kind) {
      case Kind.FIELD:
        return open.has(selection.name.value);
      case Kind.INLINE_FRAGMENT:
        return isOpen(selection.selectionSet, open, isOpenFragment);
      case Kind.FRAGMENT_SPREAD:
        return isOpenFragment(selection.name.value);
    }
  });
}
