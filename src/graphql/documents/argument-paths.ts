import { dottedPath } from '../../errors/dotted-path.js';
import {
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { fragmentsOf } from './fragments.js';

/** Follows a walk through a document: where the node that it is at stands in the arguments. */
export class ArgumentPath {
  readonly steps: (string | number)[] = [];

  enter(node: ASTNode, key: string | number | undefined): void {
    const step = stepOf(node, key);
    if (step !== undefined) this.steps.push(step);
  }

  leave(node: ASTNode, key: string | number | undefined): void {
    if (stepOf(node, key) !== undefined) this.steps.pop();
  }
}

function stepOf(node: ASTNode, key: string | number | undefined): string | number | undefined {
  switch (node.kind) {
    case Kind.ARGUMENT:
    case Kind.OBJECT_FIELD:
      return node.name.value;
    case Kind.VARIABLE:
    case Kind.INT:
    case Kind.FLOAT:
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.NULL:
    case Kind.ENUM:
    case Kind.LIST:
    case Kind.OBJECT:
      return typeof key === 'number' ? key : undefined;
    default:
      return undefined;
  }
}

/** What a walk through an operation does. */
interface OperationWalk {
  readonly enter: (node: ASTNode, key: string | number | undefined) => void;
  readonly leave: (node: ASTNode, key: string | number | undefined) => void;
  /** Whether a selection and everything in it is passed over. */
  readonly isLeftOut?: (node: ASTNode) => boolean;
}

/** Walks through an operation, then through each fragment that it spreads, once; definitions of variables are passed over. */
export function walkOperation(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  { enter, leave, isLeftOut }: OperationWalk,
): void {
  const fragments = new Map(Object.entries(fragmentsOf(document)));
  const reached = new Set<OperationDefinitionNode | FragmentDefinitionNode>([operation]);
  for (const definition of reached) {
    visit(definition, {
      enter: (node, key) => {
        if (node.kind === Kind.VARIABLE_DEFINITION || isLeftOut?.(node) === true) return false;
        const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : undefined;
        if (fragment !== undefined) reached.add(fragment);
        enter(node, key);
        return undefined;
      },
      leave: (node, key) => leave(node, key),
    });
  }
}

/**
 * The arguments or fields that the variables of an operation are given to: clients may call the variables anything. Of one that
 * is used twice it is the first.
 */
export function placesOfVariables(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  const path = new ArgumentPath();
  walkOperation(document, operation, {
    enter: (node, key) => {
      path.enter(node, key);
      if (node.kind === Kind.VARIABLE && !places.has(node.name.value)) {
        places.set(node.name.value, dottedPath(path.steps));
      }
    },
    leave: (node, key) => path.leave(node, key),
  });
  return places;
}
