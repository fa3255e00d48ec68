import {
  type DirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  isNonNullType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** What has to be known of a document before its operations can be planned. */
export interface DocumentTraits {
  /** False for introspection, which has no plan, and for answers that would need a key `__proto__`. */
  readonly canBePlanned: boolean;
  /** Names of the variables that decide about `@skip` and `@include`. */
  readonly conditions: ReadonlySet<string>;
  /** Names of the variables that stand somewhere where null may not, whatever type they have. */
  readonly nonNull: ReadonlySet<string>;
}

const CONDITIONAL: ReadonlySet<string> = new Set(['skip', 'include']);
const WITHOUT_PLAN: ReadonlySet<string> = new Set(['__schema', '__type']);

/** Looks a document through. */
export function traitsOf(schema: GraphQLSchema, document: DocumentNode): DocumentTraits {
  const [conditions, nonNull] = [new Set<string>(), new Set<string>()];
  let canBePlanned = true;
  const typeInfo = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field: ({ name, alias }) => {
        if (WITHOUT_PLAN.has(name.value) || alias?.value === '__proto__') canBePlanned = false;
      },
      Directive: (directive) => {
        for (const name of conditionsOf(directive)) conditions.add(name);
      },
      VariableDefinition: () => false,
      Variable: ({ name }) => {
        if (isNonNullType(typeInfo.getInputType())) nonNull.add(name.value);
      },
    }),
  );
  return { canBePlanned, conditions, nonNull };
}

function conditionsOf({ name, arguments: args = [] }: DirectiveNode): readonly string[] {
  if (!CONDITIONAL.has(name.value)) return [];
  return args.flatMap(({ value }) => (value.kind === Kind.VARIABLE ? [value.name.value] : []));
}
