import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
  getNamedType,
} from 'graphql';

/** A document with one root field and no more arguments than it needs. */
export interface RootFieldOperation {
  readonly field: string;
  readonly document: string;
}

/** Root fields that need no token (contract, section 4). */
const OPEN: ReadonlySet<string> = new Set(['_sdl', '_service']);

/** Values for inputs that all of their fields can be left out of. */
const INPUTS: Readonly<Record<string, string>> = { DeviceUpdateInput: '{ name: "Nobody was here" }' };

/**
 * Every query and mutation of schema.graphql that needs a token.
 * @param id stands wherever an id is asked for
 */
export function protectedRootFields(id: string): readonly RootFieldOperation[] {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  return [
    ...operations('query', schema.getQueryType(), id),
    ...operations('mutation', schema.getMutationType(), id),
  ];
}

function operations(
  kind: 'query' | 'mutation',
  type: ReturnType<GraphQLSchema['getQueryType']>,
  id: string,
): readonly RootFieldOperation[] {
  return Object.values(type?.getFields() ?? {})
    .filter(({ name }) => !OPEN.has(name))
    .map((field) => ({ field: field.name, document: `${kind} { ${call(field, id)} }` }));
}

function call({ name, args, type }: GraphQLField<unknown, unknown>, id: string): string {
  const values = args.filter(isRequiredArgument).map((arg) => `${arg.name}: ${literal(arg.type, id)}`);
  const selection = isCompositeType(getNamedType(type)) ? ' { __typename }' : '';
  return `${name}${values.length === 0 ? '' : `(${values.join(', ')})`}${selection}`;
}

function literal(type: GraphQLInputType, id: string): string {
  if (isNonNullType(type)) return literal(type.ofType, id);
  if (isListType(type)) return `[${literal(type.ofType, id)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? 'null';
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(isRequiredInputField);
    const values = fields.map((field) => `${field.name}: ${literal(field.type, id)}`);
    return INPUTS[type.name] ?? `{ ${values.join(', ')} }`;
  }
  return scalarLiteral(type.name, id);
}

function scalarLiteral(name: string, id: string): string {
  switch (name) {
    case 'ID':
      return `"${id}"`;
    case 'Int':
    case 'Float':
      return '1';
    case 'Boolean':
      return 'true';
    case '_Any':
      return `{ __typename: "NetworkDevice", id: "${id}" }`;
    default:
      return '"x"';
  }
}
