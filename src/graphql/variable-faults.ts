import {
  coerceInputValue,
  type DocumentNode,
  getNamedType,
  type GraphQLInputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';
import type { Violation } from '../errors/gateway-error.js';
import { notPermitted, placesOfVariables } from './enum-faults.js';

type Path = readonly (string | number)[];

/** So many faults are told; a list can have thousands, and whoever mends these finds the rest. */
const MAX_FAULTS = 100;

/**
 * What is wrong with the variables of an operation, value by value. graphql-js would refuse them too, but in
 * sentences that repeat the whole input, and without saying which fault is one of an enum.
 */
export function variableFaults(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): readonly Violation[] {
  const faults: Violation[] = [];
  let places: ReadonlyMap<string, string> | undefined;
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode);
    if (!isInputType(type)) continue;
    if (faults.length >= MAX_FAULTS) break;
    if (!Object.hasOwn(variables, name)) {
      if (isNonNullType(type) && defaultValue === undefined) faults.push(unfit([name], 'is needed'));
      continue;
    }
    for (const { path, value, message } of valueFaults(variables[name], type, MAX_FAULTS - faults.length)) {
      const at = typeAt(type, path);
      const isOutsideEnum = isEnumType(getNamedType(at)) && value !== null;
      if (isOutsideEnum) places ??= placesOfVariables(document);
      faults.push(
        isOutsideEnum
          ? notPermitted(dotted([places?.get(name) ?? name, ...path]))
          : unfit([name, ...path], problem(at, value, message)),
      );
    }
  }
  return faults;
}

/** What graphql-js says of one value. */
interface ValueFault {
  readonly path: Path;
  readonly value: unknown;
  readonly message: string;
}

function valueFaults(given: unknown, type: GraphQLInputType, most: number): readonly ValueFault[] {
  const faults: ValueFault[] = [];
  const enough = new Error('Enough faults.');
  try {
    coerceInputValue(given, type, (path, value, { message }) => {
      faults.push({ path, value, message });
      if (faults.length === most) throw enough;
    });
  } catch (error) {
    if (error !== enough) throw error;
  }
  return faults;
}

function unfit(path: Path, problem: string): Violation {
  const at = dotted(path);
  return { path: at, code: 'BAD_USER_INPUT', message: `Variable "${at}" ${problem}.` };
}

/** The complaint of graphql-js without the value in it. */
function problem(type: GraphQLInputType | undefined, value: unknown, message: string): string {
  if (value === undefined || message.includes('of required type')) return 'lacks a field that is needed';
  const [, unknownField] = /^Field "(\w{1,64})" is not defined/.exec(message) ?? [];
  if (unknownField !== undefined) return `has no field "${unknownField}"`;
  if (message.startsWith('Field "')) return 'has a field that is not known';
  if (value === null) return 'must not be null';
  return type === undefined ? 'does not fit its type' : `is not of type ${getNamedType(type).name}`;
}

/** The type of the value at a path below a value of this type. */
function typeAt(type: GraphQLInputType, path: Path): GraphQLInputType | undefined {
  if (isNonNullType(type)) return typeAt(type.ofType, path);
  const [step, ...rest] = path;
  if (step === undefined) return type;
  if (isListType(type))
    return typeof step === 'number' ? typeAt(type.ofType, rest) : typeAt(type.ofType, path);
  if (isLeafType(type) || !isInputObjectType(type)) return undefined;
  const field = type.getFields()[String(step)];
  return field && typeAt(field.type, rest);
}

function dotted(path: Path): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );
}
