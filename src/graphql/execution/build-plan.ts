import {
  type FieldNode,
  getArgumentValues,
  type GraphQLField,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isAbstractType,
  OperationTypeNode,
  TypeNameMetaFieldDef,
} from 'graphql';
import { collectFields, collectSubfields } from 'graphql/execution/collectFields.js';
import { isPromise } from '../request/is-promise.js';
import type { Complete, FieldPlan, Path, Plan, PlannedOperation, Run, SelectionPlan } from './plan.js';
import { nullInstead, runSelection } from './run-plan.js';

/** The fields of a selection by their name in the answer, each with the places of the document that ask for it. */
type CollectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/** A field as the completion of its value knows it. */
interface Place {
  readonly planned: PlanInProgress;
  readonly nodes: readonly FieldNode[];
  readonly parent: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
}

class PlanTooLarge extends Error {}

/** A plan in the making. */
interface PlanInProgress extends PlannedOperation {
  /** How many more fields it may have. */
  readonly budget: { fields: number };
}

/**
 * Works out once what graphql-js works out for each object of each answer. The document has been validated.
 * @param maxFields of the plan, those of each selection counted wherever it is asked for
 * @returns undefined for a plan that would be larger
 */
export function buildPlan(operation: PlannedOperation, maxFields: number): Plan | undefined {
  const { schema, fragments, conditions } = operation;
  const { operation: kind, selectionSet } = operation.operation;
  const type = schema.getRootType(kind);
  if (!isObjectType(type)) return undefined;
  const planned = { ...operation, budget: { fields: maxFields } };
  const fields = collectFields(schema, fragments, conditions, type, selectionSet);
  try {
    const root = planSelection(planned, type, fields);
    return { isMutation: kind === OperationTypeNode.MUTATION, root, size: maxFields - planned.budget.fields };
  } catch (error) {
    if (error instanceof PlanTooLarge) return undefined;
    throw error;
  }
}

function planSelection(
  planned: PlanInProgress,
  parent: GraphQLObjectType,
  fields: CollectedFields,
): SelectionPlan {
  planned.budget.fields -= fields.size;
  if (planned.budget.fields < 0) throw new PlanTooLarge();
  return [...fields].flatMap(([key, nodes]) => {
    const name = nodes[0]?.name.value ?? '';
    const definition = name === TypeNameMetaFieldDef.name ? TypeNameMetaFieldDef : parent.getFields()[name];
    return definition === undefined ? [] : planField(key, { planned, nodes, parent, definition });
  });
}

function planField(key: string, place: Place): FieldPlan {
  const { nodes, parent, definition } = place;
  return {
    key,
    nodes,
    returnType: definition.type,
    parentTypeName: parent.name,
    answer: answerOf(key, place),
  };
}

function answerOf(key: string, place: Place): FieldPlan['answer'] {
  const { parent, definition } = place;
  if (definition === TypeNameMetaFieldDef) return () => parent.name;
  const { name, resolve, type } = definition;
  const complete = completerOf(type, place);
  // The classes of the schema hold values, no methods and no promises; what is worked out has a resolver.
  if (resolve === undefined) {
    return (run, source, prev) => {
      const value = isRecord(source) ? source[name] : undefined;
      const counted = run.meter === undefined ? value : run.meter.countField(key, value, type);
      return complete(run, counted, prev, key);
    };
  }
  const call = callerOf(key, resolve, place);
  return (run, source, prev) => {
    const value = call(run, source, prev);
    return isPromise(value)
      ? value.then((settled) => complete(run, settled, prev, key))
      : complete(run, value, prev, key);
  };
}

function callerOf(
  key: string,
  resolve: NonNullable<GraphQLField<unknown, unknown>['resolve']>,
  place: Place,
): FieldPlan['answer'] {
  const { nodes, parent, definition } = place;
  const [node] = nodes;
  if (node === undefined) throw new TypeError('A field that nobody asks for cannot be planned.');
  // A new object for each call, as graphql-js gives: a resolver may write into it.
  const argsOf =
    definition.args.length === 0
      ? () => ({})
      : (run: Run) => getArgumentValues(definition, node, run.variables);
  return (run, source, prev) => {
    const args = argsOf(run);
    const path = { prev, key, typename: parent.name };
    return resolve(source, args, run.context, infoOf(place, run, path));
  };
}

function infoOf(
  { planned, nodes, parent, definition }: Place,
  { variables }: Run,
  path: Path,
): Parameters<NonNullable<GraphQLField<unknown, unknown>['resolve']>>[3] {
  return {
    fieldName: definition.name,
    fieldNodes: nodes,
    returnType: definition.type,
    parentType: parent,
    path,
    schema: planned.schema,
    fragments: planned.fragments,
    rootValue: undefined,
    operation: planned.operation,
    variableValues: variables,
  };
}

function completerOf(type: GraphQLOutputType, place: Place): Complete {
  if (isNonNullType(type)) return completeNonNull(completerOf(type.ofType, place), place);
  const complete = completerOfNullable(type, place);
  return (run, value, parent, key) => {
    if (value === null || value === undefined) return null;
    if (value instanceof Error) throw value;
    return complete(run, value, parent, key);
  };
}

function completerOfNullable(type: GraphQLOutputType, place: Place): Complete {
  if (isLeafType(type)) return completeLeaf(type);
  if (isListType(type)) return completeList(type.ofType, place);
  if (isObjectType(type)) return completeObject(type, place);
  if (isAbstractType(type)) return completeAbstract(type, place);
  throw new TypeError(`The schema has no fields of the kind of ${String(type)}.`);
}

function completeNonNull(complete: Complete, { parent, definition }: Place): Complete {
  return (run, value, path, key) => {
    const completed = complete(run, value, path, key);
    if (completed !== null) return completed;
    throw new Error(`Cannot return null for non-nullable field ${parent.name}.${definition.name}.`);
  };
}

function completeLeaf(type: GraphQLLeafType): Complete {
  return (_run, value) => {
    const serialized: unknown = type.serialize(value);
    if (serialized !== null && serialized !== undefined) return serialized;
    throw new Error(`A value of ${type.name} is none.`);
  };
}

function completeList(itemType: GraphQLOutputType, place: Place): Complete {
  const { nodes, parent, definition } = place;
  const completeItem = completerOf(itemType, place);
  return (run, value, prev, key) => {
    if (!Array.isArray(value)) {
      throw new Error(
        `Expected Iterable, but did not find one for field "${parent.name}.${definition.name}".`,
      );
    }
    const path = { prev, key, typename: parent.name };
    const items: readonly unknown[] = value;
    const failed = (index: number, error: unknown): null =>
      nullInstead(
        run,
        { nodes, returnType: itemType },
        { prev: path, key: index, typename: undefined },
        error,
      );
    const completed = items.map((item, index) => {
      // Nothing of an answer that is too long is sent.
      if (run.meter?.isOver === true) return null;
      try {
        const one = isPromise(item)
          ? item.then((settled) => completeItem(run, settled, path, index))
          : completeItem(run, item, path, index);
        return isPromise(one) ? one.then(undefined, (error: unknown) => failed(index, error)) : one;
      } catch (error) {
        return failed(index, error);
      }
    });
    return completed.some(isPromise) ? Promise.all(completed) : completed;
  };
}

function completeObject(type: GraphQLObjectType, { planned, nodes, parent }: Place): Complete {
  const { schema, fragments, conditions } = planned;
  const fields = planSelection(planned, type, collectSubfields(schema, fragments, conditions, type, nodes));
  return (run, value, prev, key) =>
    runSelection(run, fields, value, {
      prev,
      key,
      typename: typeof key === 'number' ? undefined : parent.name,
    });
}

function completeAbstract(type: GraphQLAbstractType, place: Place): Complete {
  const { resolveType } = type;
  const possible = place.planned.schema.getPossibleTypes(type);
  const members = new Map(possible.map((member) => [member.name, completeObject(member, place)]));
  return (run, value, prev, key) => {
    const info = infoOf(place, run, { prev, key, typename: undefined });
    const name: unknown = resolveType?.(value, run.context, info, type);
    const complete = typeof name === 'string' ? members.get(name) : undefined;
    if (complete === undefined) throw new Error(`A value is of no type of ${type.name}.`);
    return complete(run, value, prev, key);
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
