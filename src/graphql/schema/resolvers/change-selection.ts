import {
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  isObjectType,
} from 'graphql';
import { fieldsBelow } from './fields-below.js';

/** The fields of a change that are made of old values. */
const VALUES: ReadonlySet<string> = new Set(['before', 'after']);

/** What was found of each selection. A plan has the same nodes for every request. */
const known = new WeakMap<readonly FieldNode[], boolean>();

/** Whether the selection of `changes` asks for the settings before or after them, which may be as large as a device each. */
export function selectsValues(info: GraphQLResolveInfo): boolean {
  const isFound =
    known.get(info.fieldNodes) ?? selectsBelow(info, getNamedType(info.returnType), info.fieldNodes);
  known.set(info.fieldNodes, isFound);
  return isFound;
}

function selectsBelow(
  info: GraphQLResolveInfo,
  type: GraphQLNamedType,
  nodes: readonly FieldNode[],
): boolean {
  if (!isObjectType(type)) return false;
  return fieldsBelow(info, type, nodes).some(([field, below]) =>
    type.name === 'DeviceChange' ? VALUES.has(field.name) : selectsBelow(info, field.type, below),
  );
}
