import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import type { ValuePath } from '../../errors/dotted-path.js';
import { coerceFitting, MISFIT } from './coerce-fitting.js';

/** The variables of a request. */
export type Variables = Readonly<Record<string, unknown>>;

/** One value of the variables that does not fit its type. */
export interface VariableViolation {
  /** Name of the variable. */
  readonly variable: string;
  /** Where in the variable the value stands. */
  readonly path: ValuePath;
  /** The type of the variable. */
  readonly type: GraphQLInputType;
  readonly value: unknown;
  /** The complaint of graphql-js, which may hold the value; undefined for a variable that was not sent. */
  readonly message: string | undefined;
}

/** The variables coerced to their types, and what does not fit; with violations the values are not complete. */
export interface CoercedVariables {
  readonly values: Variables;
  readonly violations: readonly VariableViolation[];
}

/**
 * Coerces variables as graphql-js does (`getVariableValues`), which makes an error with a picture of the whole object for each violation
 * in it: here nothing is looked at any more after the last violation that is asked for.
 * @param maxViolations at least 1
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: Pick<OperationDefinitionNode, 'variableDefinitions'>,
  variables: Variables,
  maxViolations: number,
): CoercedVariables {
  const violations: VariableViolation[] = [];
  const values: [string, unknown][] = [];
  for (const definition of variableDefinitions) {
    const variable = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    // Validation has refused everything else.
    if (!isInputType(type)) continue;
    if (Object.hasOwn(variables, variable)) {
      const given = variables[variable];
      const { value, violations: found } = coerceOne(
        variable,
        type,
        given,
        maxViolations - violations.length,
      );
      violations.push(...found);
      values.push([variable, value]);
    } else if (definition.defaultValue !== undefined) {
      values.push([variable, valueFromAST(definition.defaultValue, type)]);
    } else if (isNonNullType(type)) {
      violations.push({ variable, path: [], type, value: undefined, message: undefined });
    }
    if (violations.length >= maxViolations) break;
  }
  return { values: Object.fromEntries(values), violations };
}

class EnoughViolations extends Error {}

function coerceOne(
  variable: string,
  type: GraphQLInputType,
  given: unknown,
  maxViolations: number,
): { readonly value: unknown; readonly violations: readonly VariableViolation[] } {
  const fitting = coerceFitting(given, type);
  if (fitting !== MISFIT) return { value: fitting, violations: [] };
  const violations: VariableViolation[] = [];
  const onError = (path: ValuePath, value: unknown, { message }: Error): void => {
    violations.push({ variable, path, type, value, message });
    if (violations.length >= maxViolations) throw new EnoughViolations();
  };
  try {
    return { value: coerceInputValue(given, type, onError, true), violations };
  } catch (error) {
    if (error instanceof EnoughViolations) return { value: undefined, violations };
    throw error;
  }
}
