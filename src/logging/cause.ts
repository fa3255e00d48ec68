import { LoggableError } from '../errors/loggable-error.js';

/** Messages of the PostgreSQL driver that come without a code. They are always these words, so nothing else is in them. */
const FIXED_MESSAGES: ReadonlySet<string> = new Set([
  'timeout exceeded when trying to connect',
  'Connection terminated due to connection timeout',
  'Connection terminated unexpectedly',
  'Connection terminated',
  'Query read timeout',
]);

/** What PostgreSQL says of an error in names of its schema and of its own source; the rest of it can hold values of rows. */
const POSTGRES_FACTS = ['severity', 'schema', 'table', 'column', 'constraint', 'routine'] as const;
/** What the operating system says of a call. */
const SYSTEM_FACTS = ['syscall', 'address', 'port'] as const;

const MAX_CAUSES = 5;

/**
 * What a log may hold of an error: its name, code and stack, never its properties and, unless it is our own or always
 * the same, not its message. Those of a database or a parser repeat rows and inputs.
 */
export function describeCause(cause: unknown, depth = 1): Readonly<Record<string, unknown>> {
  if (!(cause instanceof Error)) return { name: typeof cause };
  return {
    name: wordIn(cause, 'name'),
    code: wordIn(cause, 'code'),
    message: isKnownMessage(cause) ? cause.message : undefined,
    ...('routine' in cause && wordsIn(cause, POSTGRES_FACTS)),
    ...('syscall' in cause && wordsIn(cause, SYSTEM_FACTS)),
    stack: framesOf(cause),
    ...(cause.cause !== undefined && depth < MAX_CAUSES && { cause: describeCause(cause.cause, depth + 1) }),
  };
}

function isKnownMessage(error: Error): boolean {
  return error instanceof LoggableError || FIXED_MESSAGES.has(error.message);
}

function wordsIn(error: Error, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.map((key) => [key, wordIn(error, key)]));
}

/** A property that is a name, a code or a number; anything else is not logged. */
function wordIn(error: Error, key: string): string | number | undefined {
  const value: unknown = Reflect.get(error, key);
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value) ? value : undefined;
}

/** The calls, without the message above them, whose lines can look like calls. */
function framesOf({ stack, message }: Error): readonly string[] | undefined {
  const start = stack?.indexOf(message) ?? -1;
  if (stack === undefined || start < 0) return undefined;
  const lines = stack.slice(start + message.length).split('\n');
  return lines.filter((line) => line.startsWith('    at '));
}
