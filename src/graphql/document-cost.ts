import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { GatewayError } from '../errors/gateway-error.js';
import { MAX_BATCH } from '../operations/batch.js';
import { DEFAULT_PAGE, MAX_PAGE } from '../operations/paging.js';
import { sizeAsked, type Variables } from './document-cost-arguments.js';
import { fragmentMeasures } from './document-fragments.js';

/**
 * Objects that one operation may ask for: a page of 500 devices with all that hangs on them, and half as much again.
 */
const MAX_OBJECTS = 50_000;

/** How long a list is taken to be when neither an argument nor the schema says so, e.g. the reservations of a device. */
const SHORT_LIST = 10;

/** The objects that a selection asks for: so many, and so many more for each record of the page that it belongs to. */
interface Cost {
  readonly objects: number;
  readonly perRecord: number;
}

const NOTHING: Cost = { objects: 0, perRecord: 0 };

/** What the cost of a selection depends on. */
interface Survey {
  readonly schema: GraphQLSchema;
  readonly sizes: ReadonlyMap<string, number>;
  /** The length of a list argument, or the number of a page's size. */
  readonly sizeOf: (field: FieldNode, definition: GraphQLField<unknown, unknown>) => number | undefined;
  readonly spread: (name: string) => Cost;
}

/**
 * Whether an operation asks for more objects than one answer may hold, by the lengths of its lists: pages by `first`
 * and `last`, look-ups by the ids that they name, in the document or in the variables.
 */
export function costFault(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): GatewayError | undefined {
  if (objectsAsked(schema, document, operation, variables) <= MAX_OBJECTS) return undefined;
  return new GatewayError('OPERATION_TOO_LARGE', {
    message: `An operation asks for at most ${MAX_OBJECTS} objects, lists inside lists multiplied. Ask for smaller pages, or for less of each record.`,
  });
}

/** How many objects an operation asks for at most. */
export function objectsAsked(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): number {
  const survey: Survey = {
    schema,
    sizes: introspectionSizes(schema),
    sizeOf: (field, definition) => sizeAsked(field, definition, operation, variables),
    spread: fragmentMeasures(
      document,
      ({ typeCondition, selectionSet }): Cost =>
        costOf(selectionSet, schema.getType(typeCondition.name.value), survey),
      NOTHING,
    ),
  };
  return costOf(operation.selectionSet, schema.getRootType(operation.operation), survey).objects;
}

function costOf(
  { selections }: SelectionSetNode,
  type: GraphQLNamedType | null | undefined,
  survey: Survey,
): Cost {
  let [objects, perRecord] = [0, 0];
  for (const selection of selections) {
    const cost = costOfSelection(selection, type, survey);
    objects += cost.objects;
    perRecord += cost.perRecord;
  }
  return { objects, perRecord };
}

function costOfSelection(
  selection: SelectionSetNode['selections'][number],
  type: GraphQLNamedType | null | undefined,
  survey: Survey,
): Cost {
  switch (selection.kind) {
    case Kind.FIELD:
      return selection.selectionSet === undefined
        ? NOTHING
        : costOfObjects(selection, selection.selectionSet, type, survey);
    case Kind.INLINE_FRAGMENT: {
      const condition = selection.typeCondition?.name.value;
      const narrowed = condition === undefined ? type : survey.schema.getType(condition);
      return costOf(selection.selectionSet, narrowed, survey);
    }
    case Kind.FRAGMENT_SPREAD:
      return survey.spread(selection.name.value);
  }
}

function costOfObjects(
  field: FieldNode,
  selectionSet: SelectionSetNode,
  parent: GraphQLNamedType | null | undefined,
  survey: Survey,
): Cost {
  const definition = fieldOf(parent, field.name.value);
  const type = definition && getNamedType(definition.type);
  if (definition === undefined || !isCompositeType(type)) return NOTHING;
  const { objects, perRecord } = costOf(selectionSet, type, survey);
  const asked = survey.sizeOf(field, definition);
  if (!isListType(getNullableType(definition.type))) {
    return { objects: 1 + objects + perRecord * Math.min(asked ?? DEFAULT_PAGE, MAX_PAGE), perRecord: 0 };
  }
  const each = 1 + objects + perRecord * DEFAULT_PAGE;
  if (isConnection(parent)) return { objects: 0, perRecord: each };
  const count = asked ?? survey.sizes.get(`${parent?.name ?? ''}.${field.name.value}`) ?? SHORT_LIST;
  return { objects: Math.min(count, MAX_BATCH) * each, perRecord: 0 };
}

function fieldOf(
  parent: GraphQLNamedType | null | undefined,
  name: string,
): GraphQLField<unknown, unknown> | undefined {
  if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
}

/** Whether the lists of a type are the records of one page. */
function isConnection(type: GraphQLNamedType | null | undefined): boolean {
  return isObjectType(type) && type.getFields()['pageInfo'] !== undefined;
}

const knownSizes = new WeakMap<GraphQLSchema, ReadonlyMap<string, number>>();

/** How long the lists of introspection are on average: what they multiply to is how much the schema holds. */
function introspectionSizes(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const known = knownSizes.get(schema);
  if (known !== undefined) return known;
  const types = Object.values(schema.getTypeMap());
  const outputs = types.filter((type) => isObjectType(type) || isInterfaceType(type));
  const fields = outputs.flatMap((type) => Object.values(type.getFields()));
  const inputs = types.filter(isInputObjectType);
  const inputFields = inputs.flatMap((type) => Object.values(type.getFields()));
  const average = (all: readonly unknown[], of: readonly unknown[]): number => all.length / (of.length || 1);
  const sizes = new Map([
    ['__Schema.types', types.length],
    ['__Schema.directives', schema.getDirectives().length],
    ['__Type.fields', average(fields, types)],
    ['__Type.inputFields', average(inputFields, types)],
    [
      '__Type.interfaces',
      average(
        outputs.flatMap((type) => type.getInterfaces()),
        types,
      ),
    ],
    ['__Type.possibleTypes', 1],
    ['__Type.enumValues', 1],
    [
      '__Field.args',
      average(
        fields.flatMap(({ args }) => args),
        fields,
      ),
    ],
    ['__Directive.args', 1],
  ]);
  knownSizes.set(schema, sizes);
  return sizes;
}
