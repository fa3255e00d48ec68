import { type DirectiveNode, type DocumentNode, Kind, visit } from 'graphql';
import { SIZE_ARGUMENTS } from '../document-cost-arguments.js';

/** What has to be known of a document before its operations can be planned. */
export interface DocumentTraits {
  /** False for introspection, which has no plan, and for answers that would need a key `__proto__`. */
  readonly canBePlanned: boolean;
  /** Names of the variables that decide about `@skip` and `@include`. */
  readonly conditions: ReadonlySet<string>;
  /** Whether its cost depends on its variables: it is the same each time else. */
  readonly hasVariableSizes: boolean;
}

const CONDITIONAL: ReadonlySet<string> = new Set(['skip', 'include']);
const WITHOUT_PLAN: ReadonlySet<string> = new Set(['__schema', '__type']);

/** Looks a document through. */
export function traitsOf(document: DocumentNode): DocumentTraits {
  const conditions = new Set<string>();
  let [canBePlanned, hasVariableSizes] = [true, false];
  visit(document, {
    Field: ({ name, alias, arguments: args = [] }) => {
      if (WITHOUT_PLAN.has(name.value) || alias?.value === '__proto__') canBePlanned = false;
      hasVariableSizes ||= args.some(
        ({ name: { value }, value: { kind } }) => SIZE_ARGUMENTS.includes(value) && kind === Kind.VARIABLE,
      );
    },
    Directive: (directive) => {
      for (const name of conditionsOf(directive)) conditions.add(name);
    },
  });
  return { canBePlanned, conditions, hasVariableSizes };
}

function conditionsOf({ name, arguments: args = [] }: DirectiveNode): readonly string[] {
  if (!CONDITIONAL.has(name.value)) return [];
  return args.flatMap(({ value }) => (value.kind === Kind.VARIABLE ? [value.name.value] : []));
}
