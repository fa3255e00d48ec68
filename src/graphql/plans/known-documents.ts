import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  getVariableValues,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { costFault } from '../document-cost.js';
import { buildPlan } from './build-plan.js';
import { type DocumentTraits, traitsOf } from './document-traits.js';
import type { Plan, Variables } from './plan.js';

/** A request for one operation of a document. */
export interface OperationRequest {
  /** The document as the client wrote it. */
  readonly query: string;
  /** Undefined when the document has one operation only. */
  readonly operationName: string | undefined;
  readonly variables: Variables;
}

/** A request that is ready to be executed. */
export interface ReadyOperation {
  readonly plan: Plan;
  readonly operation: OperationDefinitionNode;
  readonly document: DocumentNode;
  readonly variables: Variables;
}

/** Clients have some dozens of documents; whoever makes one up for each request gains nothing here. */
const MAX_CHARACTERS = 500_000;
const MAX_QUERY_LENGTH = 20_000;
/** Plans of one document: one for each operation and each set of conditions that clients use. */
const MAX_PLANS = 16;

interface KnownDocument {
  readonly document: DocumentNode;
  readonly traits: DocumentTraits;
  readonly plans: Map<string, Plan | undefined>;
}

/**
 * Documents that were found valid and within all limits, with plans for their operations. What it does not know, or would have to
 * refuse, is left to who judges documents: nothing here answers with an error.
 */
export class KnownDocuments {
  readonly #documents = new LRUCache<string, KnownDocument>({
    maxSize: MAX_CHARACTERS,
    sizeCalculation: (_, query) => query.length,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /** How many documents are known. */
  get size(): number {
    return this.#documents.size;
  }

  /** Remembers a document that was judged; those that were not asked for longest make room. */
  learn(query: string, document: DocumentNode): void {
    if (query.length > MAX_QUERY_LENGTH || this.#documents.has(query)) return;
    this.#documents.set(query, { document, traits: traitsOf(document), plans: new Map() });
  }

  /** The operation with its plan; undefined when the request is to be judged first. */
  find({ query, operationName, variables }: OperationRequest): ReadyOperation | undefined {
    const known = this.#documents.get(query);
    if (known?.traits.canBePlanned !== true) return undefined;
    const { document, traits } = known;
    const operation = getOperationAST(document, operationName);
    if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
    const { coerced } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables);
    if (coerced === undefined) return undefined;
    if (traits.hasVariableSizes && costFault(this.schema, document, operation, variables) !== undefined) {
      return undefined;
    }
    const plan = this.#planOf(known, operation, coerced);
    return plan && { plan, operation, document, variables: coerced };
  }

  #planOf(
    { document, traits, plans }: KnownDocument,
    operation: OperationDefinitionNode,
    variables: Variables,
  ): Plan | undefined {
    const declared = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
    const deciding = declared.filter((name) => traits.conditions.has(name));
    if (!deciding.every((name) => typeof variables[name] === 'boolean')) return undefined;
    const conditions = Object.fromEntries(deciding.map((name) => [name, variables[name]]));
    const key = [operation.name?.value, ...Object.values(conditions)].join(' ');
    const known = plans.get(key);
    if (known !== undefined || plans.size >= MAX_PLANS) return known;
    const fragments = fragmentsOf(document);
    const plan = buildPlan({ schema: this.schema, operation, fragments, conditions });
    plans.set(key, plan);
    return plan;
  }
}

function fragmentsOf({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment]));
}
