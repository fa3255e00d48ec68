import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isLeafType,
  isListType,
  isObjectType,
} from 'graphql';
import { MAX_PAGE } from '../../operations/paging.js';
import type { Size } from './cost.js';
import { FIELD_SIZES, type FieldSizes } from './field-sizes.js';

type Field = GraphQLField<unknown, unknown>;

/** Values of the scalars, in bytes of JSON. */
const SCALARS: Readonly<Record<string, Size>> = {
  Boolean: { usual: 5, largest: 5 },
  Int: { usual: 5, largest: 11 },
  Float: { usual: 10, largest: 25 },
  ID: { usual: 26, largest: 26 },
  MacAddress: { usual: 14, largest: 14 },
  IPv4: { usual: 15, largest: 17 },
  IPv6: { usual: 28, largest: 47 },
  DateTime: { usual: 26, largest: 29 },
};

/** Texts about the schema: names, most of them, and descriptions. */
const INTROSPECTION_TEXT: Size = { usual: 30, largest: 2_000 };

/** What nothing is known of, as in a schema that is not the gateway's. */
const UNKNOWN: Size = { usual: 40, largest: Infinity };
const UNKNOWN_LIST: Size = { usual: 10, largest: Infinity };

/** How large the values of a schema's fields are. */
export class SchemaSizes {
  readonly #introspection: ReadonlyMap<string, number>;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly table: FieldSizes = FIELD_SIZES,
  ) {
    this.#introspection = introspectionSizes(schema);
  }

  /** Bytes of one value of a field without a selection, quotation marks included. */
  leaf(parent: GraphQLNamedType, field: Field): Size {
    const type = getNamedType(field.type);
    const text = this.table.texts[`${parent.name}.${field.name}`];
    if (text !== undefined) return { usual: text.usual + 2, largest: text.largest + 2 };
    if (isIntrospectionType(parent) || field.name === '__typename') return INTROSPECTION_TEXT;
    if (isEnumType(type)) {
      const longest = Math.max(0, ...type.getValues().map(({ name }) => name.length)) + 2;
      return { usual: longest, largest: longest };
    }
    return SCALARS[type.name] ?? UNKNOWN;
  }

  /** How long a list is when no argument says so. */
  list(parent: GraphQLNamedType, field: Field): Size {
    const place = `${parent.name}.${field.name}`;
    const average = this.#introspection.get(place);
    if (average !== undefined) return { usual: average, largest: average };
    return this.table.lists[place] ?? UNKNOWN_LIST;
  }

  /** How often a field that is no list has a value. */
  share(parent: GraphQLNamedType, field: Field): Size {
    const usual = this.#introspection.get(`${parent.name}.${field.name}`) ?? 1;
    return { usual, largest: 1 };
  }

  /** Maximum length of a list whatever its arguments say: the operation refuses to make it longer. */
  longest(parent: GraphQLNamedType, field: Field): number {
    const maxima = recordLists(field).map(
      ({ name }) => this.table.listArguments[`${parent.name}.${field.name}(${name}:)`] ?? Infinity,
    );
    return (
      Math.max(
        hasPageArguments(field) ? MAX_PAGE : 0,
        this.table.lists[`${parent.name}.${field.name}`]?.largest ?? 0,
        ...maxima,
      ) || Infinity
    );
  }

  /** Whether a field counts all records of a list. */
  isCount(parent: GraphQLNamedType, field: Field): boolean {
    return this.table.counts.has(`${parent.name}.${field.name}`);
  }

  /** Coordinates that need an entry in the table and have none. */
  missing(): readonly string[] {
    return Object.values(this.schema.getTypeMap()).flatMap((type) => {
      if (isIntrospectionType(type)) return [];
      if (isInputObjectType(type)) return this.#missingLists(type.name, Object.values(type.getFields()));
      if (!isObjectType(type) && !isInterfaceType(type)) return [];
      return Object.values(type.getFields()).flatMap((field) => this.#missingOf(type, field));
    });
  }

  #missingLists(name: string, fields: readonly Pick<GraphQLArgument, 'name' | 'type'>[]): readonly string[] {
    return fields
      .filter(({ type }) => isListType(getNullableType(type)))
      .map((field) => `${name}.${field.name}`)
      .filter((place) => !Object.hasOwn(this.table.listArguments, place));
  }

  #missingOf(type: GraphQLNamedType, field: Field): readonly string[] {
    const place = `${type.name}.${field.name}`;
    const named = getNamedType(field.type);
    const lists = field.args
      .filter((argument) => isListType(getNullableType(argument.type)))
      .map(({ name }) => `${place}(${name}:)`)
      .filter((coordinate) => !Object.hasOwn(this.table.listArguments, coordinate));
    const isKnownLeaf = !isLeafType(named) || this.leaf(type, field) !== UNKNOWN;
    const isKnownList =
      !isListType(getNullableType(field.type)) ||
      isSized(type, field) ||
      this.list(type, field) !== UNKNOWN_LIST;
    return [...lists, ...(isKnownLeaf && isKnownList ? [] : [place])];
  }
}

const known = new WeakMap<GraphQLSchema, SchemaSizes>();

/** The sizes of the gateway's fields in a schema. */
export function schemaSizes(schema: GraphQLSchema): SchemaSizes {
  const sizes = known.get(schema) ?? new SchemaSizes(schema);
  known.set(schema, sizes);
  return sizes;
}

/** Refuses a schema with a field or an argument whose size nobody knows: it would cost nothing. */
export function assertSized(schema: GraphQLSchema): void {
  const missing = schemaSizes(schema).missing();
  if (missing.length === 0) return;
  throw new Error(`Give a size in field-sizes.ts to ${missing.join(', ')}.`);
}

/** Whether the lists of a type are the records of one page. */
export function isConnection(type: GraphQLNamedType | null | undefined): boolean {
  return isObjectType(type) && type.getFields()['pageInfo'] !== undefined;
}

/** The arguments of a field that ask for one record with each entry. Those of enum values are conditions. */
export function recordLists({ args }: Field): readonly GraphQLArgument[] {
  return args.filter(({ type }) => isListType(getNullableType(type)) && !isEnumType(getNamedType(type)));
}

function hasPageArguments({ args }: Field): boolean {
  return args.some(({ name }) => name === 'first' || name === 'last');
}

/** Whether arguments say how long a list is. */
function isSized(parent: GraphQLNamedType, field: Field): boolean {
  const isAsked = recordLists(field).some(({ type }) => type !== getNullableType(type));
  return isAsked || hasPageArguments(field) || isConnection(parent);
}

/** How long the lists of introspection are on average: what they multiply to is how much the schema holds. */
function introspectionSizes(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const types = Object.values(schema.getTypeMap());
  const outputs = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = outputs.flatMap((type) => Object.values(type.getFields()));
  const inputFields = types.filter(isInputObjectType).flatMap((type) => Object.values(type.getFields()));
  const average = (all: readonly unknown[], of: readonly unknown[]): number => all.length / (of.length || 1);
  const interfaces = outputs.flatMap((type) => type.getInterfaces());
  const args = fields.flatMap((field) => field.args);
  return new Map([
    ['__Schema.types', types.length],
    ['__Schema.directives', schema.getDirectives().length],
    ['__Type.fields', average(fields, types)],
    ['__Type.inputFields', average(inputFields, types)],
    ['__Type.interfaces', average(interfaces, types)],
    ['__Type.possibleTypes', 1],
    ['__Type.enumValues', 1],
    ['__Field.args', average(args, fields)],
    ['__Directive.args', 1],
    ['__Directive.locations', 3],
    // A type in two or three wraps another: in a list, in what may not be null.
    ['__Type.ofType', 0.4],
  ]);
}
