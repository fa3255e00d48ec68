import {
  type DocumentNode,
  getOperationAST,
  type GraphQLSchema,
  OperationTypeNode,
  type OperationDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { coerceVariables } from '../coerce-variables.js';
import { costFault } from '../document-cost.js';
import { fragmentsOf } from '../document-fragments.js';
import { documentBytes } from '../document-weight.js';
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

/** Maximum memory of all documents and their plans. Clients have some dozens of documents, of about 40 kB each with their plans. */
const MAX_BYTES = 16_000_000;
/** Maximum memory of one document and its plans; what does not fit is executed without a plan. */
const MAX_DOCUMENT_BYTES = 2_000_000;
const MAX_QUERY_LENGTH = 20_000;
/** Maximum number of plans of one document: one for each operation and each set of conditions that clients use. */
const MAX_PLANS = 16;
/** What a plan takes for each of its fields (measured: 510 to 630). */
const BYTES_PER_FIELD = 640;

interface KnownDocument {
  readonly document: DocumentNode;
  readonly traits: DocumentTraits;
  /** By operation and conditions. */
  readonly plans: ReadonlyMap<string, KnownPlan>;
  readonly bytes: number;
}

interface KnownPlan {
  /** Undefined for one that would be too large. */
  readonly plan: Plan | undefined;
  /** Whether the cost of the operation depends on its variables: it is the same each time else. */
  readonly hasVariableCost: boolean;
}

/**
 * Documents that were found valid and within all limits, with plans for their operations. What it does not know, or would have to
 * refuse, is left to who judges documents: nothing here answers with an error.
 */
export class KnownDocuments {
  readonly #documents = new LRUCache<string, KnownDocument>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });

  constructor(private readonly schema: GraphQLSchema) {}

  /** How many documents are known. */
  get size(): number {
    return this.#documents.size;
  }

  /** About how much memory they take, with their plans. */
  get bytes(): number {
    return this.#documents.calculatedSize;
  }

  /** Remembers a document that was judged; those that were not asked for longest make room. */
  learn(query: string, document: DocumentNode): void {
    if (query.length > MAX_QUERY_LENGTH || this.#documents.has(query)) return;
    const bytes = documentBytes(document);
    if (bytes > MAX_DOCUMENT_BYTES) return;
    const traits = traitsOf(this.schema, document);
    this.#documents.set(query, { document, traits, plans: new Map(), bytes });
  }

  /** The operation with its plan; undefined when the request is to be judged first. */
  find(request: OperationRequest): ReadyOperation | undefined {
    const { query, operationName, variables } = request;
    const known = this.#documents.get(query);
    if (known?.traits.canBePlanned !== true) return undefined;
    const { document, traits } = known;
    const operation = getOperationAST(document, operationName);
    if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
    const { values, faults } = coerceVariables(this.schema, operation, variables, 1);
    if (faults.length > 0) return undefined;
    for (const name of traits.nonNull) if (values[name] === null) return undefined;
    const conditions = conditionsOf(operation, traits, values);
    const plan = conditions && this.#planOf(known, operation, request, conditions)?.plan;
    return plan && { plan, operation, document, variables: values };
  }

  /** The plan of an operation whose cost is within the limit, whatever operation or variables the document was judged with. */
  #planOf(
    known: KnownDocument,
    operation: OperationDefinitionNode,
    { query, variables }: OperationRequest,
    conditions: Variables,
  ): KnownPlan | undefined {
    const { document, plans, bytes } = known;
    const isTooLarge = (given: Variables): boolean =>
      costFault(this.schema, document, operation, given) !== undefined;
    const key = [operation.name?.value, ...Object.values(conditions)].join(' ');
    const kept = plans.get(key);
    if (kept !== undefined) return kept.hasVariableCost && isTooLarge(variables) ? undefined : kept;
    const observed = observedVariables(variables);
    if (plans.size >= MAX_PLANS || isTooLarge(observed.variables)) return undefined;
    const planned = { schema: this.schema, operation, fragments: fragmentsOf(document), conditions };
    const plan = buildPlan(planned, Math.floor((MAX_DOCUMENT_BYTES - bytes) / BYTES_PER_FIELD));
    const made = { plan, hasVariableCost: observed.isRead() };
    const grown = bytes + (plan?.size ?? 0) * BYTES_PER_FIELD;
    this.#documents.set(query, { ...known, plans: new Map(plans).set(key, made), bytes: grown });
    return made;
  }
}

/** What `@skip` and `@include` are decided by; undefined for what is no Boolean, which execution would fail with. */
function conditionsOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  { conditions }: DocumentTraits,
  values: Variables,
): Variables | undefined {
  const deciding = variableDefinitions
    .map(({ variable }) => variable.name.value)
    .filter((name) => conditions.has(name));
  if (!deciding.every((name) => typeof values[name] === 'boolean')) return undefined;
  return Object.fromEntries(deciding.map((name) => [name, values[name]]));
}

/** Variables that know whether anything was asked of them, e.g. how long one of them is. */
function observedVariables(variables: Variables): {
  readonly variables: Variables;
  readonly isRead: () => boolean;
} {
  let isRead = false;
  const observed = new Proxy(variables, {
    get: (target, key): unknown => {
      isRead = true;
      return Reflect.get(target, key);
    },
    has: (target, key) => {
      isRead = true;
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor: (target, key) => {
      isRead = true;
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys: (target) => {
      isRead = true;
      return Reflect.ownKeys(target);
    },
  });
  return { variables: observed, isRead: () => isRead };
}
