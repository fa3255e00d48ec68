import { type GraphQLError, isNonNullType, locatedError } from 'graphql';
import type { AnswerMeter } from '../request/answer-meter.js';
import { isPromise } from '../request/is-promise.js';
import type { FieldErrors, FieldPlan, Path, Plan, Run, SelectionPlan, Variables } from './plan.js';

/** The answer to an operation, before its errors are presented. */
export interface PlanResult {
  readonly data: unknown;
  readonly errors: readonly GraphQLError[];
}

/**
 * Executes a plan, as the specification says (section 6) and graphql-js does. It never rejects.
 * @param meter counts the fields that have no resolver; those that have one count themselves
 */
export async function runPlan(
  plan: Plan,
  context: unknown,
  variables: Variables,
  meter?: AnswerMeter,
): Promise<PlanResult> {
  const errors = new CollectedErrors();
  const run: Run = { context, variables, errors, meter };
  try {
    const data = plan.isMutation
      ? await runOneByOne(run, plan.root)
      : await runSelection(run, plan.root, undefined, undefined);
    return { data, errors: errors.all };
  } catch (error) {
    errors.add(locatedError(error, undefined), []);
    return { data: null, errors: errors.all };
  }
}

/** The root fields of a mutation run one after the other, in their order. */
async function runOneByOne(run: Run, fields: SelectionPlan): Promise<unknown> {
  const results: Record<string, unknown> = {};
  for (const field of fields) {
    try {
      results[field.key] = await field.answer(run, undefined, undefined);
    } catch (error) {
      results[field.key] = nullFor(run, field, error, undefined);
    }
  }
  return results;
}

/**
 * Executes the fields of one object.
 * @param path where the object stands
 * @returns a promise only if one of the fields has one: most objects are there at once
 */
export function runSelection(
  run: Run,
  fields: SelectionPlan,
  source: unknown,
  path: Path | undefined,
): unknown {
  const results: Record<string, unknown> = {};
  const pending: PromiseLike<void>[] = [];
  try {
    for (const field of fields) {
      const value = runField(run, field, source, path);
      results[field.key] = value;
      if (isPromise(value)) pending.push(settle(run, field, value, path, results));
    }
  } catch (error) {
    if (pending.length === 0) throw error;
    // The others are waited for, so that no rejection of theirs is left unhandled.
    return Promise.allSettled(pending).then(() => {
      throw error;
    });
  }
  return pending.length === 0 ? results : Promise.all(pending).then(() => results);
}

function runField(run: Run, field: FieldPlan, source: unknown, parent: Path | undefined): unknown {
  try {
    return field.answer(run, source, parent);
  } catch (error) {
    return nullFor(run, field, error, parent);
  }
}

/** Waits for the value of a field, and puts it at its place. */
async function settle(
  run: Run,
  field: FieldPlan,
  value: PromiseLike<unknown>,
  parent: Path | undefined,
  results: Record<string, unknown>,
): Promise<void> {
  try {
    results[field.key] = await value;
  } catch (error) {
    results[field.key] = nullFor(run, field, error, parent);
  }
}

function nullFor(run: Run, field: FieldPlan, error: unknown, parent: Path | undefined): null {
  return nullInstead(run, field, { prev: parent, key: field.key, typename: field.parentTypeName }, error);
}

/**
 * Null in place of a value that failed; its error is collected.
 * @throws the error, for a non-null type: the nearest nullable parent becomes null
 */
export function nullInstead(
  { errors }: Run,
  { nodes, returnType }: Pick<FieldPlan, 'nodes' | 'returnType'>,
  path: Path,
  error: unknown,
): null {
  const keys = keysOf(path);
  const located = locatedError(error, nodes, keys);
  if (isNonNullType(returnType)) throw located;
  errors.add(located, keys);
  return null;
}

function keysOf(path: Path | undefined): (string | number)[] {
  return path === undefined ? [] : [...keysOf(path.prev), path.key];
}

/** Errors in the order in which they came; none that belongs below a place that is null already. */
class CollectedErrors implements FieldErrors {
  readonly all: GraphQLError[] = [];
  readonly #places = new Set<string>();

  readonly add = (error: GraphQLError, keys: readonly (string | number)[]): void => {
    for (let length = 0; length <= keys.length; length += 1) {
      if (this.#places.has(placeOf(keys.slice(0, length)))) return;
    }
    this.#places.add(placeOf(keys));
    this.all.push(error);
  };
}

function placeOf(keys: readonly (string | number)[]): string {
  return JSON.stringify(keys);
}
