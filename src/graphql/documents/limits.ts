import { BREAK, type DocumentNode, type FieldNode, Kind, type SelectionSetNode, visit } from 'graphql';
import { GatewayError } from '../../errors/gateway-error.js';
import { fragmentMeasures } from './fragments.js';

/** How much a document may ask for, fragments counted wherever they are spread. */
export interface DocumentLimits {
  /** Fields inside each other. */
  readonly maxDepth: number;
  /** Fields under another name, and fields that stand twice in one place. */
  readonly maxAliases: number;
  /** Fields at the root of an operation. */
  readonly maxRootFields: number;
  /** Definitions of fragments. */
  readonly maxFragments: number;
}

/** What the environment decides about documents. */
export interface DocumentOptions extends DocumentLimits {
  /** False leaves out of errors what shows strangers the schema. */
  readonly introspection: boolean;
  /** Tokens of a document; a longer one is refused before it is parsed any further. */
  readonly maxTokens: number;
}

/** The introspection queries of clients follow a type through nine wrappers, 15 levels deep. */
const MAX_INTROSPECTION_DEPTH = 20;
const MAX_DIRECTIVES = 200;

/** Every level of fields is two nodes of the document inside each other; values, types and inline fragments add some. */
const NODES_PER_LEVEL = 8;

/**
 * What is too large about a document, found in one pass before it is validated: validation compares fields with each
 * other, and so takes far longer for a document that is made to be slow.
 */
export function documentError(document: DocumentNode, limits: DocumentLimits): GatewayError | undefined {
  const message = nodeError(document, limits) ?? shapeError(document, limits);
  return message === undefined ? undefined : new GatewayError('OPERATION_TOO_LARGE', { message });
}

/** What the rest recurses into is bounded here first, without recursion. */
function nodeError(document: DocumentNode, { maxDepth, maxFragments }: DocumentLimits): string | undefined {
  const maxNodes = NODES_PER_LEVEL * Math.max(maxDepth, MAX_INTROSPECTION_DEPTH);
  let nested = 0;
  let [deepest, directives, fragments] = [0, 0, 0];
  visit(document, {
    enter: ({ kind }) => {
      nested += 1;
      deepest = Math.max(deepest, nested);
      if (kind === Kind.DIRECTIVE) directives += 1;
      if (kind === Kind.FRAGMENT_DEFINITION) fragments += 1;
      return deepest > maxNodes ? BREAK : undefined;
    },
    leave: () => {
      nested -= 1;
    },
  });
  if (deepest > maxNodes) return tooDeep(maxDepth);
  if (directives > MAX_DIRECTIVES) {
    return `A document has at most ${MAX_DIRECTIVES} directives. Leave out those that are always the same, or split it.`;
  }
  if (fragments <= maxFragments) return undefined;
  return `A document has at most ${maxFragments} fragments (MAX_FRAGMENTS). Split it into several requests.`;
}

/** What a selection of fields amounts to. */
interface Shape {
  /** Fields at its top. */
  readonly fields: number;
  readonly aliases: number;
  readonly depth: number;
  /** The same below `__schema` and `__type`. */
  readonly introspectionDepth: number;
}

const NOTHING: Shape = { fields: 0, aliases: 0, depth: 0, introspectionDepth: 0 };

function shapeError(
  document: DocumentNode,
  { maxDepth, maxAliases, maxRootFields }: DocumentLimits,
): string | undefined {
  const spread = fragmentMeasures(
    document,
    ({ selectionSet }): Shape => shapeOf(selectionSet, spread),
    NOTHING,
  );
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { fields, aliases, depth, introspectionDepth } = shapeOf(definition.selectionSet, spread);
    if (depth > maxDepth) return tooDeep(maxDepth);
    if (introspectionDepth > MAX_INTROSPECTION_DEPTH) {
      return `Introspection goes at most ${MAX_INTROSPECTION_DEPTH} levels deep.`;
    }
    if (aliases > maxAliases) {
      return `An operation has at most ${maxAliases} aliases and repeated fields (MAX_ALIASES). Ask for many records by their ids at once, or in several requests.`;
    }
    if (fields > maxRootFields) {
      return `An operation has at most ${maxRootFields} fields at its root (MAX_ROOT_FIELDS). Ask for many records by their ids at once, or in several requests.`;
    }
  }
  return undefined;
}

function tooDeep(maxDepth: number): string {
  return `An operation goes at most ${maxDepth} levels deep (MAX_DEPTH). Ask for what lies deeper by its id.`;
}

/** @param names of the fields that stand in the same place already */
function shapeOf(
  { selections }: SelectionSetNode,
  spread: (name: string) => Shape,
  names = new Set<string>(),
): Shape {
  return selections
    .map((selection) => {
      switch (selection.kind) {
        case Kind.FIELD:
          return shapeOfField(selection, spread, names);
        case Kind.INLINE_FRAGMENT:
          return shapeOf(selection.selectionSet, spread, names);
        case Kind.FRAGMENT_SPREAD:
          return spread(selection.name.value);
      }
    })
    .reduce(together, NOTHING);
}

function shapeOfField(
  { alias, name, selectionSet }: FieldNode,
  spread: (name: string) => Shape,
  names: Set<string>,
): Shape {
  const shown = alias ?? name;
  const isExtra = alias !== undefined || names.has(shown.value);
  names.add(shown.value);
  const inner = selectionSet === undefined ? NOTHING : shapeOf(selectionSet, spread);
  const isIntrospection = name.value === '__schema' || name.value === '__type';
  return {
    fields: 1,
    aliases: inner.aliases + (isExtra ? 1 : 0),
    depth: isIntrospection ? 1 : inner.depth + 1,
    introspectionDepth: isIntrospection ? inner.depth + 1 : inner.introspectionDepth,
  };
}

function together(one: Shape, other: Shape): Shape {
  return {
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
    depth: Math.max(one.depth, other.depth),
    introspectionDepth: Math.max(one.introspectionDepth, other.introspectionDepth),
  };
}
