import {
  type DocumentNode,
  getOperationAST,
  type GraphQLSchema,
  Kind,
  OperationTypeNode,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { coerceVariables } from '../documents/coerce-variables.js';
import { fragmentsOf } from '../documents/fragments.js';
import { documentBytes } from '../documents/weight.js';
import type { AnswerMeter } from '../request/answer-meter.js';
import type { OperationCosts } from '../cost/operation-costs.js';
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
  /** Measures the answer; undefined when it cannot be too long. */
  readonly meter: AnswerMeter | undefined;
}

/** Maximum memory of all documents and their plans. Clients have some dozens of documents, of about 40 kB each with their plans. */
const MAX_BYTES = 16_000_000;
/** Maximum memory of trusted documents and their plans that stay; those beyond are as others. */
const MAX_KEPT_BYTES = 64_000_000;
/** Maximum memory of one document and its plans; what does not fit is executed without a plan. */
const MAX_DOCUMENT_BYTES = 2_000_000;
const MAX_QUERY_LENGTH = 20_000;
/** Maximum number of conditions that are planned ahead, each for true and for false. */
const MAX_CONDITIONS_AHEAD = 3;
/** Maximum number of plans of one document: one for each operation and each set of conditions that clients use. */
const MAX_PLANS = 16;
/** What a plan takes for each of its fields (measured: 510 to 630). */
const BYTES_PER_FIELD = 640;

interface KnownDocument {
  readonly document: DocumentNode;
  readonly traits: DocumentTraits;
  /** By operation and conditions; `none` for one that would be too large. */
  readonly plans: ReadonlyMap<string, Plan | 'none'>;
  readonly bytes: number;
}

/**
 * Documents that were found valid and within all limits, with plans for their operations. A request that it does not know, or
 * would have to refuse, goes to Apollo Server, which makes the error.
 */
export class PlanCache {
  readonly #documents = new LRUCache<string, KnownDocument>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });
  readonly #kept = new Map<string, KnownDocument>();
  #keptBytes = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly costs: OperationCosts,
  ) {}

  /** How many documents are known beside those that stay. */
  get size(): number {
    return this.#documents.size;
  }

  /** About how much memory those take that stay. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** About how much memory the others take, with their plans. */
  get bytes(): number {
    return this.#documents.calculatedSize;
  }

  /** Remembers a document that was validated; the least recently used are dropped first. */
  learn(query: string, document: DocumentNode): void {
    if (query.length > MAX_QUERY_LENGTH || this.#known(query) !== undefined) return;
    const bytes = documentBytes(document);
    if (bytes > MAX_DOCUMENT_BYTES) return;
    const traits = traitsOf(this.schema, document);
    this.#documents.set(query, { document, traits, plans: new Map(), bytes });
  }

  /** Remembers a trusted document that was validated, and plans its operations: no other ever takes its place. */
  keep(query: string, document: DocumentNode): void {
    const bytes = documentBytes(document);
    if (bytes > MAX_DOCUMENT_BYTES || this.#keptBytes + bytes > MAX_KEPT_BYTES) return;
    const known = { document, traits: traitsOf(this.schema, document), plans: new Map(), bytes };
    this.#keptBytes += bytes;
    this.#kept.set(query, known);
    if (!known.traits.canBePlanned) return;
    for (const operation of document.definitions) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      if (operation.operation === OperationTypeNode.SUBSCRIPTION) continue;
      for (const conditions of conditionsAhead(operation, known.traits)) {
        this.#planOf(this.#known(query) ?? known, operation, query, conditions);
      }
    }
  }

  #known(query: string): KnownDocument | undefined {
    return this.#kept.get(query) ?? this.#documents.get(query);
  }

  #replace(query: string, { bytes }: KnownDocument, grown: KnownDocument): void {
    if (!this.#kept.has(query)) {
      this.#documents.set(query, grown);
      return;
    }
    this.#keptBytes += grown.bytes - bytes;
    this.#kept.set(query, grown);
  }

  /** The operation with its plan; undefined when the request must be validated first. */
  find(request: OperationRequest): ReadyOperation | undefined {
    const { query, operationName, variables } = request;
    const known = this.#known(query);
    if (known?.traits.canBePlanned !== true) return undefined;
    const { document, traits } = known;
    const operation = getOperationAST(document, operationName);
    if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined;
    // Each operation by itself: perhaps another one was checked when the document became known.
    const { error, meter } = this.costs.check(document, operation, variables);
    if (error !== undefined) return undefined;
    const { values, violations } = coerceVariables(this.schema, operation, variables, 1);
    if (violations.length > 0) return undefined;
    for (const name of traits.nonNull) if (values[name] === null) return undefined;
    const conditions = conditionsOf(operation, traits, values);
    const plan = conditions && this.#planOf(known, operation, query, conditions);
    return plan && { plan, operation, document, variables: values, meter };
  }

  #planOf(
    known: KnownDocument,
    operation: OperationDefinitionNode,
    query: string,
    conditions: Variables,
  ): Plan | undefined {
    const { document, plans, bytes } = known;
    const key = [operation.name?.value, ...Object.values(conditions)].join(' ');
    const kept = plans.get(key);
    if (kept !== undefined) return kept === 'none' ? undefined : kept;
    const isFull = this.#kept.has(query) && this.#keptBytes > MAX_KEPT_BYTES;
    if (isFull || plans.size >= MAX_PLANS) return undefined;
    const planned = { schema: this.schema, operation, fragments: fragmentsOf(document), conditions };
    const plan = buildPlan(planned, Math.floor((MAX_DOCUMENT_BYTES - bytes) / BYTES_PER_FIELD));
    const grown = bytes + (plan?.size ?? 0) * BYTES_PER_FIELD;
    const remembered = { ...known, plans: new Map(plans).set(key, plan ?? 'none'), bytes: grown };
    this.#replace(query, known, remembered);
    return plan;
  }
}

/** What `@skip` and `@include` are decided by; undefined for what is no Boolean, which execution would fail with. */
function conditionsOf(
  { variableDefinitions = [] }: OperationDefinitionNode,
  { conditions }: DocumentTraits,
  values: Variables,
): Variables | undefined {
  const deciding = decidingOf(variableDefinitions, conditions);
  if (!deciding.every((name) => typeof values[name] === 'boolean')) return undefined;
  return Object.fromEntries(deciding.map((name) => [name, values[name]]));
}

function decidingOf(
  definitions: readonly VariableDefinitionNode[],
  conditions: DocumentTraits['conditions'],
): readonly string[] {
  return definitions.map(({ variable }) => variable.name.value).filter((name) => conditions.has(name));
}

/** The values of its conditions that an operation can be asked for with; none where there are too many. */
function conditionsAhead(
  { variableDefinitions = [] }: OperationDefinitionNode,
  { conditions }: DocumentTraits,
): readonly Variables[] {
  const deciding = decidingOf(variableDefinitions, conditions);
  if (deciding.length > MAX_CONDITIONS_AHEAD) return [];
  return deciding.reduce<readonly Variables[]>(
    (all, name) => all.flatMap((values) => [true, false].map((value) => ({ ...values, [name]: value }))),
    [{}],
  );
}
