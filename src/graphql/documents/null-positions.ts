import { dottedPath } from '../../errors/dotted-path.js';
import {
  type ASTNode,
  type DocumentNode,
  type GraphQLSchema,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
} from 'graphql';
import { ArgumentPath, walkOperation } from './argument-paths.js';
import type { Variables } from './coerce-variables.js';

/**
 * Where variables that are null stand at positions that take no null. The specification allows it to documents: a variable with a
 * default may have a type that takes null (5.8.5, "All Variable Usages Are Allowed"), and makes the null of a request an error of
 * each field that it reaches. What `@skip` and `@include` leave out takes no value and has no such position.
 * @param values the variables, coerced
 * @returns the dotted path of the first such position of each variable
 */
export function nullPositions(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  values: Variables,
): readonly string[] {
  const positions = new Map<string, string>();
  const typeInfo = new TypeInfo(schema);
  const path = new ArgumentPath();
  walkOperation(document, operation, {
    enter: (node, key) => {
      typeInfo.enter(node);
      path.enter(node, key);
      if (node.kind !== Kind.VARIABLE || values[node.name.value] !== null) return;
      if (!isNonNullType(typeInfo.getInputType()) || positions.has(node.name.value)) return;
      positions.set(node.name.value, dottedPath(path.steps));
    },
    leave: (node, key) => {
      path.leave(node, key);
      typeInfo.leave(node);
    },
    isLeftOut: (node) => isLeftOut(node, values),
  });
  return [...positions.values()];
}

function isLeftOut(node: ASTNode, values: Variables): boolean {
  if (!('directives' in node)) return false;
  return (node.directives ?? []).some(({ name, arguments: [argument] = [] }) => {
    const condition =
      argument?.value.kind === Kind.VARIABLE
        ? values[argument.value.name.value]
        : argument?.value.kind === Kind.BOOLEAN && argument.value.value;
    return (name.value === 'skip' && condition === true) || (name.value === 'include' && condition === false);
  });
}
