import { type DocumentNode, type FragmentDefinitionNode, Kind } from 'graphql';

/** The fragments of a document by their names. */
export function fragmentsOf({ definitions }: DocumentNode): Readonly<Record<string, FragmentDefinitionNode>> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
}

/**
 * Measures fragments by their names, each of them once, however often it is spread: else a short document could ask for
 * more work than there is time.
 * @param measure measures one fragment; it is called again for those that are spread in it
 * @param nothing the measure of a fragment that is not there, or that is inside itself: validation refuses both
 */
export function fragmentMeasures<T>(
  document: DocumentNode,
  measure: (fragment: FragmentDefinitionNode) => T,
  nothing: T,
): (name: string) => T {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const measures = new Map<string, T>();
  return (name) => {
    const known = measures.get(name);
    if (known !== undefined) return known;
    const fragment = fragments.get(name);
    if (fragment === undefined) return nothing;
    measures.set(name, nothing);
    const measured = measure(fragment);
    measures.set(name, measured);
    return measured;
  };
}
