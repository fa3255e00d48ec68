import {
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';

/** A field that is asked for. */
interface AskedField {
  readonly name: string;
  /** Of its values, or of theirs where it is a list. */
  readonly type: GraphQLNamedType;
  readonly hasResolver: boolean;
}

/** The fields of an object that are asked for, each with its places in the document; `__typename` is none. */
export function fieldsBelow(
  { schema, fragments, variableValues }: GraphQLResolveInfo,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): readonly (readonly [AskedField, readonly FieldNode[]])[] {
  const collected = collectSubfields(schema, fragments, variableValues, type, nodes);
  return [...collected.values()].flatMap((below) => {
    const field = type.getFields()[below[0]?.name.value ?? ''];
    if (field === undefined) return [];
    const { name, resolve } = field;
    return [[{ name, type: getNamedType(field.type), hasResolver: resolve !== undefined }, below] as const];
  });
}
