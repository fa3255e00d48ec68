import {
  type FieldNode,
  type GraphQLField,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
} from 'graphql';

/** The variables of a request, before anything is known of them. */
export type Variables = Readonly<Record<string, unknown>>;

/** The arguments that say how long a list is: by a number, or by one entry for each record. */
const SIZE_ARGUMENTS: readonly string[] = ['first', 'last', 'ids', 'representations', 'reports'];

/** How long a list is that an argument leaves open, e.g. all device models. */
const WHOLE_LIST = 500;

/**
 * How many records a field asks for, by the largest of its arguments that say so. The operation refuses numbers that are
 * out of range; here they only must not make the answer look smaller.
 * @returns undefined for a field without such an argument, and for a page that names no size
 */
export function sizeAsked(
  field: FieldNode,
  { args }: GraphQLField<unknown, unknown>,
  operation: OperationDefinitionNode,
  variables: Variables,
): number | undefined {
  const known = args.filter(({ name }) => SIZE_ARGUMENTS.includes(name));
  if (known.length === 0) return undefined;
  const sizes = known.flatMap(({ name, defaultValue }) => {
    const given = field.arguments?.find((argument) => argument.name.value === name);
    return sizeOfArgument(given?.value, operation, variables) ?? sizeOfValue(defaultValue) ?? [];
  });
  if (sizes.length > 0) return Math.max(...sizes);
  return known.some(({ name }) => name === 'first') ? undefined : WHOLE_LIST;
}

function sizeOfArgument(
  value: ValueNode | undefined,
  { variableDefinitions }: OperationDefinitionNode,
  variables: Variables,
): number | undefined {
  if (value?.kind !== Kind.VARIABLE) return sizeOfLiteral(value);
  const name = value.name.value;
  if (Object.hasOwn(variables, name)) return sizeOfValue(variables[name]);
  const definition = variableDefinitions?.find(({ variable }) => variable.name.value === name);
  return sizeOfLiteral(definition?.defaultValue);
}

function sizeOfLiteral(value: ValueNode | undefined): number | undefined {
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

function sizeOfValue(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.max(0, value);
  if (Array.isArray(value)) return value.length;
  return value === null || value === undefined ? undefined : 1;
}
