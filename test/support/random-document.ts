import fc from 'fast-check';
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isAbstractType,
} from 'graphql';

/** A valid request that nobody would think of. */
export interface RandomRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** How far a document goes down, and how many fields a selection has. */
const MAX_LEVELS = 4;
const MAX_FIELDS = 4;

/**
 * Makes valid documents of a schema: operations of every root field with arguments as literals and variables, aliases,
 * fragments of both kinds and directives.
 * @param ids that are there, so that some requests find something
 */
export function randomRequest(schema: GraphQLSchema, ids: readonly string[]): fc.Arbitrary<RandomRequest> {
  return fc.gen().map((draw) => {
    const below = (max: number): number => draw(fc.nat, { max: max - 1 });
    return new DocumentMaker(schema, ids, below, () => draw(fc.string, { maxLength: 12 })).make();
  });
}

class DocumentMaker {
  readonly #variables: string[] = [];
  readonly #values: Record<string, unknown> = {};
  readonly #fragments: string[] = [];
  #names = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly ids: readonly string[],
    /** A number from 0 on, below another. */
    private readonly below: (count: number) => number,
    private readonly text: () => string,
  ) {}

  make(): RandomRequest {
    const mutation = this.below(4) === 0 ? this.schema.getMutationType() : undefined;
    const root = mutation ?? this.schema.getQueryType();
    if (root === undefined || root === null) throw new Error('The schema lacks a root type.');
    const selection = this.#selection(root, 0);
    const declared = this.#variables.length === 0 ? '' : `(${this.#variables.join(', ')})`;
    const operation = `${root === mutation ? 'mutation' : 'query'} Random${declared} ${selection}`;
    return { query: [operation, ...this.#fragments].join('\n'), variables: this.#values };
  }

  #selection(type: GraphQLObjectType, level: number): string {
    const fields = Object.values(type.getFields()).filter(
      (field) => level < MAX_LEVELS || !isCompositeType(getNamedType(field.type)),
    );
    const chosen = Array.from({ length: 1 + this.below(MAX_FIELDS) }, () => {
      // The last level of a type that has objects alone, e.g. a connection, is left with `__typename`.
      const field = fields.length === 0 ? undefined : fields[this.below(fields.length)];
      if (field === undefined || this.below(12) === 0) return `${this.#name()}: __typename`;
      // Under its own name a field may come again, and is merged; with other arguments that would be a conflict.
      const alias = field.args.length > 0 || this.below(2) === 0 ? `${this.#name()}: ` : '';
      return `${alias}${field.name}${this.#arguments(field.args)}${this.#directive()}${this.#below(field.type, level)}`;
    });
    return `{ ${this.#wrapped(type, chosen.join(' '))} }`;
  }

  /** Fields as they are, in an inline fragment, or in a named one. */
  #wrapped(type: GraphQLObjectType, fields: string): string {
    switch (this.below(5)) {
      case 0:
        return `...${this.below(2) === 0 ? ` on ${type.name}` : ''}${this.#directive()} { ${fields} }`;
      case 1: {
        const name = this.#name();
        this.#fragments.push(`fragment ${name} on ${type.name} { ${fields} }`);
        return `...${name}${this.#directive()}`;
      }
      default:
        return fields;
    }
  }

  #below(type: GraphQLOutputType, level: number): string {
    const named = getNamedType(type);
    if (isObjectType(named)) return ` ${this.#selection(named, level + 1)}`;
    if (!isAbstractType(named)) return '';
    const parts = this.schema
      .getPossibleTypes(named)
      .map((part) => `... on ${part.name} ${this.#selection(part, level + 1)}`);
    return ` { __typename ${parts.join(' ')} }`;
  }

  #directive(): string {
    if (this.below(8) > 0) return '';
    const condition =
      this.below(2) === 0 ? String(this.below(2) === 0) : this.#variable('Boolean!', this.below(2) === 0);
    return ` @${this.below(2) === 0 ? 'skip' : 'include'}(if: ${condition})`;
  }

  #arguments(args: readonly GraphQLArgument[]): string {
    const given = this.#chosen(args).map((arg) =>
      this.below(2) === 0
        ? `${arg.name}: ${this.#variable(arg.type.toString(), this.#value(arg.type, 0))}`
        : `${arg.name}: ${literal(arg.type, this.#value(arg.type, 0))}`,
    );
    return given.length === 0 ? '' : `(${given.join(', ')})`;
  }

  #chosen<T extends GraphQLArgument | GraphQLInputField>(all: readonly T[]): readonly T[] {
    return all.filter(
      (one) => (isNonNullType(one.type) && one.defaultValue === undefined) || this.below(3) === 0,
    );
  }

  #variable(type: string, value: unknown): string {
    const name = this.#name();
    this.#variables.push(`$${name}: ${type}`);
    this.#values[name] = value;
    return `$${name}`;
  }

  #value(type: GraphQLInputType, level: number): unknown {
    if (isNonNullType(type)) return this.#present(type.ofType, level);
    return this.below(6) === 0 ? null : this.#present(type, level);
  }

  #present(type: GraphQLInputType, level: number): unknown {
    if (isNonNullType(type)) return this.#present(type.ofType, level);
    if (isListType(type)) return Array.from({ length: this.below(4) }, () => this.#value(type.ofType, level));
    if (isInputObjectType(type)) {
      const fields = level > 3 ? [] : this.#chosen(Object.values(type.getFields()));
      return Object.fromEntries(fields.map((field) => [field.name, this.#value(field.type, level + 1)]));
    }
    if (isEnumType(type)) return this.#oneOf(type.getValues().map(({ name }) => name));
    return this.#scalar(type.name);
  }

  #scalar(name: string): unknown {
    switch (name) {
      case 'Boolean':
        return this.below(2) === 0;
      case 'Int':
        return this.#oneOf([0, 1, -1, 7, 500, 501, 2_147_483_647, -2_147_483_648]);
      case 'ID':
        return this.#oneOf([...this.ids, 'f'.repeat(24), 'no id', '', this.text()]);
      case '_Any':
        return {
          __typename: this.#oneOf(['NetworkDevice', 'DeviceModel', 'Customer', 'Nothing', this.text()]),
          id: this.#oneOf([...this.ids, 7, null, this.text()]),
        };
      case 'DateTime':
        return this.#oneOf(['2026-01-01T00:00:00Z', '2026-13-01', '+275760-09-13T00:00:00Z', this.text()]);
      default:
        return this.#oneOf(['192.168.0.7', '::1', '12-34-56-78-90-ab', 'word', '', '\u0000', this.text()]);
    }
  }

  #oneOf<T>(values: readonly [T, ...T[]] | readonly T[]): T | undefined {
    return values[this.below(values.length)];
  }

  #name(): string {
    this.#names += 1;
    return `n${this.#names}`;
  }
}

/** A value as a GraphQL literal. */
function literal(type: GraphQLInputType, value: unknown): string {
  if (isNonNullType(type)) return literal(type.ofType, value);
  if (value === null || value === undefined) return 'null';
  if (isListType(type) && Array.isArray(value)) {
    return `[${value.map((item) => literal(type.ofType, item)).join(', ')}]`;
  }
  if (isEnumType(type) && typeof value === 'string') return value;
  if (typeof value !== 'object') return JSON.stringify(value);
  const fieldTypes = isInputObjectType(type) ? type.getFields() : {};
  const fields = Object.entries(value).map(([name, inner]) => {
    const fieldType = fieldTypes[name]?.type;
    return `${name}: ${fieldType === undefined ? JSON.stringify(inner) : literal(fieldType, inner)}`;
  });
  return `{ ${fields.join(', ')} }`;
}
