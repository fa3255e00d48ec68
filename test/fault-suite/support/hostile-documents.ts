import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import type { Dice } from './dice.js';
import { HostileValues, literalOf } from './hostile-values.js';

/** A request for an operation, over whatever transport. */
export interface HostileOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: unknown;
}

/** A random operation. */
export interface RandomOperation extends HostileOperation {
  /** Variables that nothing is wrong with. */
  readonly soundVariables: Readonly<Record<string, unknown>>;
}

/** How often a field stands in an operation: limits are 50 at the root, and 100 aliases. */
const COPIES: readonly number[] = [1, 1, 1, 1, 2, 10, 45, 50, 51, 100, 101, 1_000];

const GREEDY_COPIES: readonly number[] = [1, 1, 5, 45, 50];

type Fields = readonly GraphQLField<unknown, unknown>[];

/** Makes operations of a schema that cost as much as it lets them. */
export class HostileDocuments {
  readonly #values: HostileValues;
  readonly #enumValues: ReadonlySet<string>;
  readonly #declared: string[] = [];
  readonly #given: Record<string, unknown> = {};
  readonly #sound: Record<string, unknown> = {};
  readonly #fragments: string[] = [];
  #aliases = 0;

  /**
   * @param room how many characters a request may have, about
   * @param isGreedy nothing is wrong with the operations but how much they ask for
   */
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly dice: Dice,
    ids: readonly string[],
    private readonly room: number,
    private readonly isGreedy = false,
  ) {
    this.#values = new HostileValues(dice, ids, isGreedy);
    const enums = Object.values(schema.getTypeMap()).filter(isEnumType);
    this.#enumValues = new Set(enums.flatMap((type) => type.getValues().map(({ name }) => name)));
  }

  /** One operation on one root field, once or many times over. */
  operation(kind: 'query' | 'mutation' | 'subscription'): RandomOperation {
    const field = this.dice.oneOf(this.#rootFields(kind));
    const copies = kind === 'subscription' ? 1 : this.dice.oneOf(this.isGreedy ? GREEDY_COPIES : COPIES);
    const selection = this.#selection(getNamedType(field.type), this.dice.below(4));
    const args = this.#arguments(field.args, copies);
    const fields = Array.from({ length: copies }, (_, index) => {
      const alias = copies === 1 ? '' : `c${index}: `;
      return `${alias}${field.name}${args}${this.#condition()}${selection}`;
    });
    return this.#request(kind, fields.join(' '));
  }

  /** A document whose meaning depends on variables, asked for with some of their combinations. */
  conditional(requests: number): readonly RandomOperation[] {
    const names = Array.from({ length: 1 + this.dice.below(8) }, (_, index) => `b${index}`);
    const directive = this.dice.oneOf(['include', 'skip']);
    const field = this.dice.oneOf(this.#rootFields('query'));
    const args = this.#arguments(field.args, 1);
    const copies = this.dice.oneOf([1, 10, 46]);
    const fields = Array.from({ length: copies }, (_, index) => {
      const condition = ` @${directive}(if: $${this.dice.oneOf(names)})`;
      return `c${index}: ${field.name}${args}${condition}${this.#selection(getNamedType(field.type), 2)}`;
    });
    const hasDefault = this.dice.isOneIn(3);
    this.#declared.push(...names.map((name) => `$${name}: Boolean${hasDefault ? ' = true' : '!'}`));
    const { query, variables, soundVariables } = this.#request('query', fields.join(' '));
    return Array.from({ length: requests }, () => {
      const values = names.map((name): [string, unknown] => [
        name,
        hasDefault && this.dice.isOneIn(4) ? null : this.dice.isOneIn(2),
      ]);
      return { query, soundVariables, variables: { ...variables, ...Object.fromEntries(values) } };
    });
  }

  /** Null for every variable, where a default stands. */
  nullForDefaults(): RandomOperation {
    const field = this.dice.oneOf([...this.#rootFields('query'), ...this.#rootFields('mutation')]);
    const isQuery = this.#rootFields('query').includes(field);
    const args = field.args.map(({ name, type }, index) => {
      const bare = isNonNullType(type) ? type.ofType : type;
      const value = literalOf(this.#values.sound(bare), this.#enumValues);
      this.#declared.push(`$v${index}: ${String(bare)} = ${value}`);
      this.#given[`v${index}`] = null;
      return `${name}: $v${index}`;
    });
    this.#declared.push('$c: Boolean = true');
    this.#given['c'] = null;
    const written = `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}`;
    const selection = this.#selection(getNamedType(field.type), 2);
    const condition = this.dice.isOneIn(2) ? ' @include(if: $c)' : '';
    return this.#request(isQuery ? 'query' : 'mutation', `${written}${condition}${selection}`);
  }

  /** Several operations in one document, and names for the one that is meant. */
  manyOperations(): RandomOperation {
    const { query, variables, soundVariables } = this.operation('query');
    const count = this.dice.oneOf([1, 2, 50, 500]);
    const small = Array.from({ length: count }, (_, index) => `query S${index} { __typename }`);
    const both = `${small.join(' ')} ${query.replace(/^query/, 'query Large')}`;
    const operationName = this.dice.oneOf<unknown>([
      'Large',
      'Large',
      'S0',
      'None',
      '',
      null,
      7,
      [],
      {},
      '__proto__',
      this.#values.text(this.room / 2),
    ]);
    return { query: both, variables, soundVariables, operationName };
  }

  /** Questions about the schema itself. */
  introspection(): RandomOperation {
    const copies = this.dice.oneOf(COPIES);
    const depth = this.dice.oneOf([1, 3, 7, 12, 20]);
    const types = `{ name ${'ofType { name '.repeat(depth)}${'}'.repeat(depth)} }`;
    const rings = `{ ${'fields { type { name '.repeat(depth)}${'} } '.repeat(depth)} }`;
    const asked = this.dice.oneOf([
      '_sdl',
      '_service { sdl }',
      '__typename',
      `__schema { types { fields { name args { name defaultValue type ${types} } } } }`,
      `__schema { types ${rings} }`,
      `__type(name: "NetworkDevice") ${rings}`,
      `__type(name: ${JSON.stringify(this.#values.text(Math.max(10, this.room / copies / 2)))}) ${types}`,
    ]);
    const fields = Array.from({ length: copies }, (_, index) => `c${index}: ${asked}`);
    return this.#request('query', fields.join(' '));
  }

  #request(kind: string, fields: string): RandomOperation {
    const declared = this.#declared.length === 0 ? '' : `(${this.#declared.join(', ')})`;
    const query = [`${kind} ${declared} { ${fields} }`, ...this.#fragments].join(' ');
    return { query, variables: this.#given, soundVariables: this.#sound };
  }

  #rootFields(kind: 'query' | 'mutation' | 'subscription'): Fields {
    const types = {
      query: this.schema.getQueryType(),
      mutation: this.schema.getMutationType(),
      subscription: this.schema.getSubscriptionType(),
    };
    return Object.values(types[kind]?.getFields() ?? {});
  }

  /** Arguments by variables, which all copies share, or as literals, which each copy has again. */
  #arguments(args: readonly GraphQLArgument[], copies: number): string {
    const chosen = args.filter(({ type }) => isNonNullType(type) || this.dice.isOneIn(2));
    const given = chosen.map(({ name, type }) => `${name}: ${this.#argument(type, copies, chosen.length)}`);
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  }

  #argument(type: GraphQLInputType, copies: number, shared: number): string {
    if (this.dice.isOneIn(4)) {
      const room = this.room / copies / shared / 2;
      return literalOf(this.#values.of(type, Math.min(room, 20_000)), this.#enumValues);
    }
    const name = `v${this.#declared.length}`;
    this.#declared.push(`$${name}: ${String(type)}`);
    this.#given[name] = this.#values.of(type, this.room / shared);
    this.#sound[name] = this.#values.sound(type);
    return `$${name}`;
  }

  #condition(): string {
    return this.dice.isOneIn(20) ? this.dice.oneOf([' @skip(if: false)', ' @include(if: true)', ' @no']) : '';
  }

  /** What is asked of a composite type; nothing of a leaf. */
  #selection(type: GraphQLNamedType, depth: number): string {
    if (!isCompositeType(type)) return '';
    if (isUnionType(type) || !isObjectType(type)) {
      const members = this.schema.getPossibleTypes(type);
      return ` { __typename ${members.map((one) => `... on ${one.name}${this.#selection(one, depth)}`).join(' ')} }`;
    }
    switch (this.dice.below(6)) {
      case 0:
        return ' { __typename }';
      case 1: {
        // One leaf under many names, or many times under its own.
        const leaf = this.dice.oneOf(['__typename', ...leavesOf(type)]);
        const count = this.dice.oneOf([2, 40, 95]);
        const hasNames = this.dice.isOneIn(2);
        return ` { ${Array.from({ length: count }, (_, index) => `${hasNames ? `l${index}: ` : ''}${leaf}`).join(' ')} }`;
      }
      case 2: {
        const name = `F${this.#fragments.length}`;
        this.#fragments.push(`fragment ${name} on ${type.name}${this.#whole(type, depth)}`);
        return ` { ${`...${name} `.repeat(this.dice.oneOf([1, 2, 50, 1_000]))}}`;
      }
      default:
        return this.#whole(type, depth);
    }
  }

  /** Everything there is of a type, down to a depth. */
  #whole(type: GraphQLObjectType, depth: number): string {
    const fields = Object.values(type.getFields()).flatMap((field) => {
      const named = getNamedType(field.type);
      if (!isCompositeType(named))
        return field.args.some(({ type: needed }) => isNonNullType(needed)) ? [] : [field.name];
      if (depth === 0) return [];
      this.#aliases += 1;
      const hasArguments = field.args.length > 0 && this.dice.isOneIn(2);
      const args = hasArguments || field.args.some(({ type: needed }) => isNonNullType(needed));
      const inner = isObjectType(named) ? this.#whole(named, depth - 1) : this.#selection(named, depth - 1);
      return [
        `${field.args.length > 0 ? `a${this.#aliases}: ` : ''}${field.name}${args ? this.#arguments(field.args, 1) : ''}${inner}`,
      ];
    });
    return ` { __typename ${fields.join(' ')} }`;
  }
}

function leavesOf(type: GraphQLObjectType): readonly string[] {
  return Object.values(type.getFields()).flatMap(({ name, type: field, args }) =>
    isCompositeType(getNamedType(field)) || args.length > 0 ? [] : [name],
  );
}
