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
import type { InputPath } from './argument-paths.js';

/** The variables of a request. */
export type Variables = Readonly<Record<string, unknown>>;

/** One value of the variables that does not fit its type. */
export interface VariableFault {
  /** Name of the variable. */
  readonly variable: string;
  /** Where in the variable the value stands. */
  readonly path: InputPath;
  /** The type of the variable. */
  readonly type: GraphQLInputType;
  readonly value: unknown;
  /** The complaint of graphql-js, which may hold the value; undefined for a variable that was not sent. */
  readonly message: string | undefined;
}

/** The variables coerced to their types, and what does not fit; with faults the values are not complete. */
export interface CoercedVariables {
  readonly values: Variables;
  readonly faults: readonly VariableFault[];
}

/**
 * Coerces variables as graphql-js does (`getVariableValues`), which makes an error with a picture of the whole object for each fault
 * in it: here nothing is looked at any more after the last fault that is wanted.
 * @param maxFaults at least 1
 */
export function coerceVariables(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: Pick<OperationDefinitionNode, 'variableDefinitions'>,
  variables: Variables,
  maxFaults: number,
): CoercedVariables {
  const faults: VariableFault[] = [];
  const values: [string, unknown][] = [];
  for (const definition of variableDefinitions) {
    const variable = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    // Validation has refused everything else.
    if (!isInputType(type)) continue;
    if (Object.hasOwn(variables, variable)) {
      const given = variables[variable];
      const { value, faults: found } = coerceOne(variable, type, given, maxFaults - faults.length);
      faults.push(...found);
      values.push([variable, value]);
    } else if (definition.defaultValue !== undefined) {
      values.push([variable, valueFromAST(definition.defaultValue, type)]);
    } else if (isNonNullType(type)) {
      faults.push({ variable, path: [], type, value: undefined, message: undefined });
    }
    if (faults.length >= maxFaults) break;
  }
  return { values: Object.fromEntries(values), faults };
}

class EnoughFaults extends Error {}

function coerceOne(
  variable: string,
  type: GraphQLInputType,
  given: unknown,
  maxFaults: number,
): { readonly value: unknown; readonly faults: readonly VariableFault[] } {
  const faults: VariableFault[] = [];
  const onFault = (path: InputPath, value: unknown, { message }: Error): void => {
    faults.push({ variable, path, type, value, message });
    if (faults.length >= maxFaults) throw new EnoughFaults();
  };
  try {
    return { value: coerceInputValue(given, type, onFault, true), faults };
  } catch (error) {
    if (error instanceof EnoughFaults) return { value: undefined, faults };
    throw error;
  }
}
