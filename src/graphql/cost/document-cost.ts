import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from 'graphql';
import { type Cost, NO_COST, plus } from './cost.js';
import { argumentEntries, askedLength, RequestSizes, type Variables } from './size-arguments.js';
import { fragmentMeasures } from '../documents/fragments.js';
import { fieldCost, type PagedCost } from './field-cost.js';
import { type SchemaSizes, schemaSizes } from './schema-sizes.js';

const NOTHING: PagedCost = { once: NO_COST, perRecord: NO_COST };

/** The cost of a part of an operation: the same for each request, or by its variables. */
interface Measure {
  readonly isFixed: boolean;
  readonly of: (request: RequestSizes) => PagedCost;
}

const NO_MEASURE: Measure = { isFixed: true, of: () => NOTHING };

/** What the cost of a selection depends on. */
interface Survey {
  readonly schema: GraphQLSchema;
  readonly sizes: SchemaSizes;
  readonly spread: (name: string) => Measure;
  /** For what is fixed. */
  readonly anyRequest: RequestSizes;
}

/** What one operation of a document costs, by the variables of a request. */
export type OperationCost = (variables: Variables) => Cost;

/** Works out what the cost of an operation depends on; what it does not depend on is worked out once. */
export function operationCost(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  sizes: SchemaSizes = schemaSizes(schema),
): OperationCost {
  const survey: Survey = {
    schema,
    sizes,
    spread: fragmentMeasures(
      document,
      ({ typeCondition, selectionSet }): Measure =>
        measureSelection(selectionSet, schema.getType(typeCondition.name.value), survey),
      NO_MEASURE,
    ),
    anyRequest: new RequestSizes(operation, {}),
  };
  const { isFixed, of } = measureSelection(
    operation.selectionSet,
    schema.getRootType(operation.operation),
    survey,
  );
  const fixed = isFixed ? of(survey.anyRequest).once : undefined;
  return (variables) => fixed ?? of(new RequestSizes(operation, variables)).once;
}

type Parent = GraphQLNamedType | null | undefined;

function measureSelection({ selections }: SelectionSetNode, type: Parent, survey: Survey): Measure {
  const measures = selections.map((selection): Measure => {
    switch (selection.kind) {
      case Kind.FIELD:
        return measureField(selection, type, survey);
      case Kind.INLINE_FRAGMENT: {
        const condition = selection.typeCondition?.name.value;
        const narrowed = condition === undefined ? type : survey.schema.getType(condition);
        return measureSelection(selection.selectionSet, narrowed, survey);
      }
      case Kind.FRAGMENT_SPREAD:
        return survey.spread(selection.name.value);
    }
  });
  const varying = measures.filter(({ isFixed }) => !isFixed);
  const fixed = measures
    .filter(({ isFixed }) => isFixed)
    .map(({ of }) => of(survey.anyRequest))
    .reduce(both, NOTHING);
  return {
    isFixed: varying.length === 0,
    of: (request) => varying.reduce((sum, { of }) => both(sum, of(request)), fixed),
  };
}

function measureField(node: FieldNode, parent: Parent, survey: Survey): Measure {
  const definition = fieldOf(parent, node.name.value);
  if (definition === undefined || !parent) return NO_MEASURE;
  const inner =
    node.selectionSet === undefined
      ? NO_MEASURE
      : measureSelection(node.selectionSet, getNamedType(definition.type), survey);
  const { entries, variables } = argumentEntries(node);
  const asked = askedLength(node, definition);
  const of = fieldCost({ node, parent, definition }, survey.sizes);
  const isFixed = inner.isFixed && variables.length === 0 && asked.isFixed;
  const measured = (request: RequestSizes): PagedCost =>
    of({
      inner: inner.of(request),
      asked: asked.of(request),
      entries: variables.reduce((sum, name) => sum + request.entries(name), entries),
    });
  if (!isFixed) return { isFixed, of: measured };
  const fixed = measured(survey.anyRequest);
  return { isFixed, of: () => fixed };
}

function both(one: PagedCost, other: PagedCost): PagedCost {
  return { once: plus(one.once, other.once), perRecord: plus(one.perRecord, other.perRecord) };
}

function fieldOf(parent: Parent, name: string): GraphQLField<unknown, unknown> | undefined {
  switch (name) {
    case SchemaMetaFieldDef.name:
      return SchemaMetaFieldDef;
    case TypeMetaFieldDef.name:
      return TypeMetaFieldDef;
    case TypeNameMetaFieldDef.name:
      return TypeNameMetaFieldDef;
    default:
      return isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  }
}
