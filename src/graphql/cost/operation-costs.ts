import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { GatewayError } from '../../errors/gateway-error.js';
import { AnswerMeter } from '../request/answer-meter.js';
import type { Cost } from './cost.js';
import { type OperationCost, operationCost } from './document-cost.js';
import type { Variables } from './size-arguments.js';

/** Maximum work of one operation: a page of 500 devices with all that hangs on them, as nodes and as edges. */
const MAX_WORK = 50_000;

/** Maximum number of totals in one operation: each reads all records of a list. */
const MAX_COUNTS = 2;

/** Maximum bytes of the schema in the answer to one operation, which needs no token: a few introspections. */
const MAX_SCHEMA_BYTES = 400_000;

/** What an operation is allowed by its cost: why it is refused, or what its answer is measured with. */
export interface CostCheck {
  readonly error: GatewayError | undefined;
  /** Undefined when the answer cannot be too long, whatever the data are. */
  readonly meter: AnswerMeter | undefined;
}

/** Checks what operations cost, each by itself, and each request by its variables. */
export class OperationCosts {
  readonly #known = new WeakMap<OperationDefinitionNode, OperationCost>();

  /** @param maxAnswerBytes maximum length of an answer */
  constructor(
    private readonly schema: GraphQLSchema,
    private readonly maxAnswerBytes: number,
  ) {}

  /** Checks one request for an operation of a document that is within the limits of documents. */
  check(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): CostCheck {
    const cost = this.#costOf(document, operation)(variables);
    const message = excessOf(cost, this.maxAnswerBytes);
    return {
      error: message === undefined ? undefined : new GatewayError('OPERATION_TOO_LARGE', { message }),
      meter: cost.largestBytes <= this.maxAnswerBytes ? undefined : new AnswerMeter(this.maxAnswerBytes),
    };
  }

  #costOf(document: DocumentNode, operation: OperationDefinitionNode): OperationCost {
    const known = this.#known.get(operation);
    if (known !== undefined) return known;
    const cost = operationCost(this.schema, document, operation);
    this.#known.set(operation, cost);
    return cost;
  }
}

function excessOf(
  { work, usualBytes, counts, schemaBytes }: Cost,
  maxAnswerBytes: number,
): string | undefined {
  if (!(work <= MAX_WORK)) {
    return `An operation asks for at most ${MAX_WORK} objects, lists inside lists and lists in arguments multiplied. Ask for smaller pages, or for less of each record.`;
  }
  if (!(counts <= MAX_COUNTS)) {
    return `An operation counts at most ${MAX_COUNTS} lists (totalCount, networkDeviceCounts). Ask for the others in further requests.`;
  }
  if (!(schemaBytes <= MAX_SCHEMA_BYTES)) {
    return `An operation is told at most ${MAX_SCHEMA_BYTES} bytes of the schema, as introspection, _sdl or _service. Ask once.`;
  }
  if (!(usualBytes <= maxAnswerBytes)) {
    return `An answer has at most ${maxAnswerBytes} bytes (MAX_ANSWER_BYTES), which values of usual length would exceed here. Ask for smaller pages, or for less of each record.`;
  }
  return undefined;
}
