import {
  type FieldNode,
  type GraphQLField,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';
import { recordLists } from './schema-sizes.js';

/** The variables of a request, before anything is known of them. */
export type Variables = Readonly<Record<string, unknown>>;

/** What the variables of one request say of sizes; each is looked through once, however often it is used. */
export class RequestSizes {
  readonly #entries = new Map<string, number>();

  constructor(
    private readonly operation: OperationDefinitionNode,
    private readonly variables: Variables,
  ) {}

  /** How many records a variable asks for, by its number or by the length of its list; undefined when it says nothing. */
  length(name: string): number | undefined {
    if (Object.hasOwn(this.variables, name)) return lengthOfValue(this.variables[name]);
    return lengthOfLiteral(this.#default(name));
  }

  /** How many entries the lists of a variable have altogether, however deep they lie. */
  entries(name: string): number {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const fallback = this.#default(name);
    const isGiven = Object.hasOwn(this.variables, name) || fallback === undefined;
    const entries = isGiven ? entriesOfValue(this.variables[name]) : literalEntries(fallback).entries;
    this.#entries.set(name, entries);
    return entries;
  }

  #default(name: string): ValueNode | undefined {
    return this.operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
      ?.defaultValue;
  }
}

/** How long a list is: known with the document, or with the variables of a request. */
export interface AskedLength {
  readonly isFixed: boolean;
  /** Undefined when the arguments say nothing. */
  readonly of: (request: RequestSizes) => number | undefined;
}

/**
 * How many records a field asks for, by the largest of its arguments that say so. The operation refuses numbers that are
 * out of range; here they only must not make the answer look smaller.
 */
export function askedLength(field: FieldNode, definition: GraphQLField<unknown, unknown>): AskedLength {
  const records = recordLists(definition);
  const lengths = definition.args
    .filter((argument) => argument.name === 'first' || argument.name === 'last' || records.includes(argument))
    .map(({ name, defaultValue }) => {
      const given = field.arguments?.find((argument) => argument.name.value === name)?.value;
      return lengthOfArgument(given, lengthOfValue(defaultValue));
    });
  return {
    isFixed: lengths.every(({ isFixed }) => isFixed),
    of: (request) => {
      const known = lengths.map(({ of }) => of(request)).filter((length) => length !== undefined);
      return known.length === 0 ? undefined : Math.max(...known);
    },
  };
}

/** Entries of the lists in the arguments of a field, and the variables whose entries come to them. */
interface ArgumentEntries {
  readonly entries: number;
  readonly variables: readonly string[];
}

/** What lists the arguments of a field hold, however deep they lie. */
export function argumentEntries({ arguments: args = [] }: FieldNode): ArgumentEntries {
  return joined(args.map(({ value }) => literalEntries(value)));
}

function literalEntries(value: ValueNode | undefined): ArgumentEntries {
  switch (value?.kind) {
    case Kind.VARIABLE:
      return { entries: 0, variables: [value.name.value] };
    case Kind.LIST: {
      const { entries, variables } = joined(value.values.map(literalEntries));
      return { entries: entries + value.values.length, variables };
    }
    case Kind.OBJECT:
      return joined(value.fields.map((field) => literalEntries(field.value)));
    default:
      return { entries: 0, variables: [] };
  }
}

function joined(all: readonly ArgumentEntries[]): ArgumentEntries {
  return {
    entries: all.reduce((sum, { entries }) => sum + entries, 0),
    variables: all.flatMap(({ variables }) => variables),
  };
}

/** Without recursion: a body can hold lists in lists, tens of thousands deep. */
function entriesOfValue(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const waiting: object[] = [value];
  let entries = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) entries += next.length;
    const inner: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
    for (const one of inner) if (typeof one === 'object' && one !== null) waiting.push(one);
  }
  return entries;
}

function lengthOfArgument(value: ValueNode | undefined, fallback: number | undefined): AskedLength {
  if (value?.kind === Kind.VARIABLE) {
    const name = value.name.value;
    return { isFixed: false, of: (request) => request.length(name) ?? fallback };
  }
  const length = lengthOfLiteral(value) ?? fallback;
  return { isFixed: true, of: () => length };
}

function lengthOfLiteral(value: ValueNode | undefined): number | undefined {
  switch (value?.kind) {
    case Kind.INT:
      return Math.max(0, Number(value.value));
    case Kind.LIST:
      return value.values.length;
    case Kind.STRING:
    case Kind.OBJECT:
      // One value stands for a list of one.
      return 1;
    default:
      return undefined;
  }
}

function lengthOfValue(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.max(0, value);
  if (Array.isArray(value)) return value.length;
  return value === null || value === undefined ? undefined : 1;
}
