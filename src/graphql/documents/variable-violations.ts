import { dottedPath, type ValuePath } from '../../errors/dotted-path.js';
import {
  type DocumentNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
} from 'graphql';
import type { Violation } from '../../errors/gateway-error.js';
import { placesOfVariables } from './argument-paths.js';
import { coerceVariables, type VariableViolation, type Variables } from './coerce-variables.js';
import { notPermitted } from './enum-violations.js';
import { nullPositions } from './null-positions.js';

/** Maximum number of violations that one request is answered with: a list can have thousands, and whoever mends these finds the rest. */
export const MAX_REQUEST_VIOLATIONS = 10;

/**
 * What is wrong with the variables of an operation, value by value. graphql-js would refuse them too, but in
 * sentences that repeat the whole input, and without saying which violation is one of an enum.
 */
export function variableViolations(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): readonly Violation[] {
  const { values, violations } = coerceVariables(schema, operation, variables, MAX_REQUEST_VIOLATIONS);
  if (violations.length > 0) {
    const places = placesOfVariables(document, operation);
    return violations.map((violation) =>
      violationOf(violation, places.get(violation.variable) ?? violation.variable),
    );
  }
  if (!Object.values(values).includes(null)) return [];
  return nullPositions(schema, document, operation, values)
    .slice(0, MAX_REQUEST_VIOLATIONS)
    .map((path) => unfit([path], 'must not be null'));
}

/** @param place what the variable is given to */
function violationOf({ path, type, value, message }: VariableViolation, place: string): Violation {
  const at = [place, ...path];
  if (message === undefined) return unfit(at, 'is needed');
  const [, neededField] = /^Field "(\w{1,64})" of required type/.exec(message) ?? [];
  if (neededField !== undefined) return unfit([...at, neededField], 'is needed');
  const [, unknownField] = /^Field "(\w{1,64})" is not defined/.exec(message) ?? [];
  if (unknownField !== undefined) return unfit([...at, unknownField], 'is given to no field of this name');
  if (message.startsWith('Field "')) return unfit(at, 'has a field that is not known');
  if (value === null || value === undefined) return unfit(at, 'must not be null');
  const expected = typeAt(type, path);
  if (isEnumType(getNamedType(expected))) return notPermitted(dottedPath(at));
  return unfit(at, expected ? `is not of type ${getNamedType(expected).name}` : 'does not fit its type');
}

/** @param problem without the value: it may be a secret */
function unfit(path: ValuePath, problem: string): Violation {
  const at = dottedPath(path);
  return { path: at, code: 'BAD_USER_INPUT', message: `The value of "${at}" ${problem}.` };
}

/** The type of the value at a path below a value of this type. */
function typeAt(type: GraphQLInputType, path: ValuePath): GraphQLInputType | undefined {
  if (isNonNullType(type)) return typeAt(type.ofType, path);
  const [step, ...rest] = path;
  if (step === undefined) return type;
  if (isListType(type))
    return typeof step === 'number' ? typeAt(type.ofType, rest) : typeAt(type.ofType, path);
  if (isLeafType(type) || !isInputObjectType(type)) return undefined;
  const field = type.getFields()[String(step)];
  return field && typeAt(field.type, rest);
}
