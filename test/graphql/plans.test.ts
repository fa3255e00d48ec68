import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import {
  buildSchema,
  execute,
  type ExecutionResult,
  getNamedType,
  getNullableType,
  type GraphQLError,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  parse,
} from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { OperationCosts } from '../../src/graphql/cost/operation-costs.js';
import { PlanCache } from '../../src/graphql/execution/plan-cache.js';
import { runPlan } from '../../src/graphql/execution/run-plan.js';
import { randomRequest } from '../support/random-document.js';

/** What a field does, decided by where it stands, so that both ways to execute meet the same. */
function behaviourAt(info: GraphQLResolveInfo, seed: number): number {
  let [hash, path]: [number, GraphQLResolveInfo['path'] | undefined] = [seed, info.path];
  for (; path !== undefined; path = path.prev) {
    for (const character of String(path.key)) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  }
  return hash;
}

function valueOf(schema: GraphQLSchema, type: GraphQLOutputType, choice: number): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return Array.from({ length: choice % 4 }, (_, index) =>
      itemOf(schema, nullable.ofType, choice * 7 + index),
    );
  }
  if (isEnumType(nullable)) return nullable.getValues()[choice % nullable.getValues().length]?.value;
  if (isObjectType(nullable)) return { choice };
  if (isAbstractType(nullable)) {
    const possible = schema.getPossibleTypes(nullable);
    return { __typename: possible[choice % possible.length]?.name };
  }
  return nullable.name === 'Boolean' ? choice % 2 === 0 : choice % 1_000;
}

function itemOf(schema: GraphQLSchema, type: GraphQLOutputType, choice: number): unknown {
  if (choice % 11 === 0) return null;
  if (choice % 13 === 0) return new Error(`item ${choice}`);
  return choice % 5 === 0 && mayBeLate(type)
    ? Promise.resolve(valueOf(schema, type, choice))
    : valueOf(schema, type, choice);
}

/** Which of two things that fail late takes their parent away is a matter of ticks, and of nothing else. */
function mayBeLate(type: GraphQLOutputType): boolean {
  return !isNonNullType(type);
}

/** Gives every field a resolver that answers, later or at once, with values, nulls, errors and what does not fit. */
function withRandomResolvers(schema: GraphQLSchema, seedOf: () => number): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = (value: { readonly __typename: string }) => value.__typename;
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = (_source, args, _context, info) => {
        const choice = behaviourAt(info, seedOf() + JSON.stringify(args).length);
        if (choice % 17 === 0) throw new Error(`thrown ${choice}`);
        if (choice % 19 === 0) return null;
        if (choice % 23 === 0) return new Error(`returned ${choice}`);
        // Each way words it differently that a value is of none of the types of an interface.
        if (choice % 29 === 0 && !isAbstractType(getNamedType(field.type))) return 'no such thing';
        const value = valueOf(schema, field.type, choice);
        if (!mayBeLate(field.type)) return value;
        if (choice % 31 === 0) return Promise.reject(new Error(`rejected ${choice}`));
        return choice % 7 === 0 ? Promise.resolve(value) : value;
      };
    }
  }
  return schema;
}

/** Errors by place: which of two that come at the same time is first, nobody promises. */
function presented(errors: readonly GraphQLError[] = []): readonly string[] {
  return errors.map(({ message, path, locations }) => JSON.stringify({ message, path, locations })).sort();
}

describe('a plan', () => {
  let schema: GraphQLSchema;
  let seed = 0;
  beforeAll(async () => {
    const text = await readFile('schema.graphql', 'utf8');
    schema = withRandomResolvers(buildSchema(text, { assumeValidSDL: true }), () => seed);
  });

  it('answers what graphql-js answers, whatever document is asked and whatever the fields do', async () => {
    const context = {};
    let [planned, withErrors, withoutData] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(randomRequest(schema, ['a', 'b']), fc.nat(), async ({ query, variables }, chosen) => {
        seed = chosen;
        const document = parse(query);
        const known = new PlanCache(schema, new OperationCosts(schema, 16_000_000));
        known.learn(query, document);
        const ready = known.find({ query, operationName: undefined, variables });
        const expected: ExecutionResult = await execute({
          schema,
          document,
          contextValue: context,
          variableValues: variables,
        });
        if (ready === undefined) return;
        planned += 1;
        const result = await runPlan(ready.plan, context, ready.variables);
        expect(JSON.stringify(result.data), query).toBe(JSON.stringify(expected.data));
        expect(presented(result.errors), query).toEqual(presented(expected.errors));
        if (result.errors.length > 0) withErrors += 1;
        if (result.data === null) withoutData += 1;
      }),
      { numRuns: 1_000, endOnFailure: true },
    );
    // Had most been left to graphql-js, or none failed, this would say nothing.
    expect(planned).toBeGreaterThan(800);
    expect(withErrors).toBeGreaterThan(300);
    expect(withoutData).toBeGreaterThan(10);
  });
});
