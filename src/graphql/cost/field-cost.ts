import {
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  isIntrospectionType,
  isListType,
  TypeNameMetaFieldDef,
} from 'graphql';
import { DEFAULT_PAGE, MAX_PAGE } from '../../operations/paging.js';
import { type Cost, NO_COST, plus, type Size, times } from './cost.js';
import { isConnection, type SchemaSizes } from './schema-sizes.js';

/** The cost of a selection, and what each record of the page that it belongs to adds. */
export interface PagedCost {
  readonly once: Cost;
  readonly perRecord: Cost;
}

/** A field of a document. */
export interface DocumentField {
  readonly node: FieldNode;
  readonly parent: GraphQLNamedType;
  readonly definition: GraphQLField<unknown, unknown>;
}

/** What the cost of a field depends on. */
export interface FieldFacts {
  /** The cost of what is selected of one of its values. */
  readonly inner: PagedCost;
  /** How many records its arguments ask for; undefined when they say nothing. */
  readonly asked: number | undefined;
  /** Entries of the lists in its arguments. */
  readonly entries: number;
}

/** Bytes of the error that a resolver may fail with. */
const ERROR_BYTES = 600;
/** Bytes of the errors that one entry of a list may cause: a report has 19 values. */
const ENTRY_ERROR_BYTES = 4_000;

const BRACKETS: Size = { usual: 2, largest: 2 };

/** What a field costs, once that is known which it depends on. */
export function fieldCost(field: DocumentField, sizes: SchemaSizes): (facts: FieldFacts) => PagedCost {
  const isList = isListType(getNullableType(field.definition.type));
  return isList ? listCost(field, sizes) : singleCost(field, sizes);
}

function singleCost(field: DocumentField, sizes: SchemaSizes): (facts: FieldFacts) => PagedCost {
  const { node, parent, definition } = field;
  const own = ownCost(field, sizes);
  const share = sizes.share(parent, definition);
  const value = node.selectionSet === undefined ? bytes(sizes.leaf(parent, definition)) : bytes(BRACKETS);
  return ({ inner, asked, entries }) => {
    const records = times(inner.perRecord, exactly(Math.min(asked ?? DEFAULT_PAGE, MAX_PAGE)));
    const once = plus(own(entries), times(plus(value, plus(inner.once, records)), share));
    // However often a connection is asked for its total, it counts once.
    const counts = isConnection(getNamedType(definition.type)) ? Math.min(once.counts, 1) : once.counts;
    return { once: tellingSchema({ ...once, counts }, field), perRecord: NO_COST };
  };
}

function listCost(field: DocumentField, sizes: SchemaSizes): (facts: FieldFacts) => PagedCost {
  const { node, parent, definition } = field;
  const own = ownCost(field, sizes);
  const item: Cost =
    node.selectionSet === undefined ? bytes(sizes.leaf(parent, definition)) : { ...bytes(BRACKETS), work: 1 };
  const [unasked, longest] = [sizes.list(parent, definition), sizes.longest(parent, definition)];
  return ({ inner, asked, entries }) => {
    const list = plus(own(entries), bytes(BRACKETS));
    const each = plus(plus(item, inner.once), times(inner.perRecord, exactly(DEFAULT_PAGE)));
    if (isConnection(parent)) return { once: list, perRecord: each };
    const length = asked === undefined ? unasked : exactly(Math.min(asked, longest));
    return { once: tellingSchema(plus(list, times(each, length)), field), perRecord: NO_COST };
  };
}

/** What a field costs beside its value: its name in the answer, the call of its resolver, its arguments. */
function ownCost({ node, parent, definition }: DocumentField, sizes: SchemaSizes): (entries: number) => Cost {
  const hasResolver =
    definition.resolve !== undefined && !isIntrospectionType(parent) && definition !== TypeNameMetaFieldDef;
  const isCalled =
    hasResolver || node.selectionSet !== undefined || isListType(getNullableType(definition.type));
  // With quotation marks, colon and comma.
  const keyBytes = (node.alias ?? node.name).value.length + 4;
  const own: Cost = {
    ...NO_COST,
    work: isCalled ? 1 : 0,
    usualBytes: keyBytes,
    largestBytes: keyBytes + (hasResolver ? ERROR_BYTES : 0),
    counts: sizes.isCount(parent, definition) ? 1 : 0,
  };
  return (entries) => ({
    ...own,
    work: own.work + entries,
    largestBytes: own.largestBytes + entries * ENTRY_ERROR_BYTES,
  });
}

/** The fields that show the schema itself. */
const TELLS_SCHEMA: ReadonlySet<string> = new Set([
  'Query._sdl',
  '_Service.sdl',
  'Query.__schema',
  'Query.__type',
]);

function tellingSchema(cost: Cost, { parent, definition }: DocumentField): Cost {
  const isTelling = TELLS_SCHEMA.has(`${parent.name}.${definition.name}`);
  return isTelling ? { ...cost, schemaBytes: cost.usualBytes } : cost;
}

function exactly(length: number): Size {
  return { usual: length, largest: length };
}

function bytes({ usual, largest }: Size): Cost {
  return { ...NO_COST, usualBytes: usual, largestBytes: largest };
}
