import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  isNonNullType,
} from 'graphql';
import { GatewayError } from '../../errors/gateway-error.js';

/** Texts up to this length are counted by their UTF-16 units: that is less than their bytes, and costs nothing. */
const SHORT_TEXT = 64;

/** What an error takes beside its message and violations: code, REST counterpart, path, request id. */
const ERROR_BYTES = 200;
const VIOLATION_BYTES = 100;

/**
 * Counts the bytes of one answer while it is made, by the real data. It never counts more than there will be, so that
 * what it refuses is too long indeed.
 */
export class AnswerMeter {
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Whether the answer is too long already: nothing more needs to be found for it. */
  get isOver(): boolean {
    return this.#bytes > this.maxBytes;
  }

  /** The error in place of an answer that is too long. */
  get error(): GatewayError | undefined {
    return this.isOver ? oversizedAnswer(this.maxBytes) : undefined;
  }

  /**
   * Counts a field of the answer, without what lies below its value.
   * @param key its name in the answer
   * @returns the value; null instead, where that may be, once the answer is too long
   */
  countField(key: string | number, value: unknown, type: GraphQLOutputType): unknown {
    if (this.isOver) return isNonNullType(type) ? value : null;
    // With quotation marks, colon, and a comma or a bracket.
    this.#bytes += String(key).length + 4 + bytesOf(value);
    return value;
  }

  /** Counts an error of the answer. */
  countError({ message, facts: { violations = [] } }: GatewayError): void {
    this.#bytes += ERROR_BYTES + message.length + violations.length * VIOLATION_BYTES;
  }

  /** One that measures another answer, e.g. the next event of a subscription. */
  anew(): AnswerMeter {
    return new AnswerMeter(this.maxBytes);
  }
}

/** Bytes of a value in JSON, at least; of an object only its brackets, because its fields are counted by themselves. */
function bytesOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 2 + (value.length <= SHORT_TEXT ? value.length : Buffer.byteLength(value));
    case 'boolean':
      return 4;
    case 'object':
      return value instanceof Date ? 26 : 2;
    default:
      return 1;
  }
}

/** The refusal of an answer that is too long, which is only known when the data are there. */
export function oversizedAnswer(maxBytes: number): GatewayError {
  return new GatewayError('OPERATION_TOO_LARGE', {
    message: `An answer has at most ${maxBytes} bytes (MAX_ANSWER_BYTES), and this one would be longer. Ask for fewer records, or for less of each. What a mutation has changed stays changed.`,
  });
}

/** Whoever shares an answer with resolvers. */
export interface Metered {
  /** Measures the answer while it is made; undefined when it cannot be too long. */
  meter?: AnswerMeter | undefined;
}

/** Reads fields that have no resolver of their own, and counts them. Those that have one count themselves. */
export const meteredFieldResolver: GraphQLFieldResolver<unknown, Metered> = (source, args, context, info) => {
  const value: unknown = defaultFieldResolver(source, args, context, info);
  return context.meter === undefined
    ? value
    : context.meter.countField(info.path.key, value, info.returnType);
};
