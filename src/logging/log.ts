import { type Logger, pino } from 'pino';
import { CATALOGUE } from '../errors/catalogue.js';
import type { GatewayError } from '../errors/gateway-error.js';

/** The log of the process: one JSON object a line on stdout. Nothing that a client sent as input is ever given to it. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}

/** Writes down why a request failed, at the level that the catalogue gives this kind of error. */
export function logFailure(log: Logger, error: GatewayError, requestId: string): void {
  const deviceId = loggableId(error.facts.deviceId);
  const cause = error.cause === undefined ? undefined : describeCause(error.cause);
  log[CATALOGUE[error.code].logLevel]({ requestId, code: error.code, deviceId, cause }, 'request failed');
}

/** An id that is none can be any text that a client sent. */
function loggableId(id: string | undefined): string | undefined {
  return id === undefined || /^[0-9a-f]{24}$/.test(id) ? id : 'not an id';
}

/** What a log may hold of a foreign error: never its properties, which can hold rows or whole inputs. */
export function describeCause(cause: unknown): Readonly<Record<string, unknown>> {
  if (!(cause instanceof Error)) return { name: typeof cause };
  return {
    name: cause.name,
    // Prisma puts the arguments of a call before the last line.
    message: cause.message.trim().split('\n').at(-1)?.slice(0, 300),
    code: 'code' in cause ? cause.code : undefined,
    constraint: 'constraint' in cause ? cause.constraint : undefined,
    stack: cause.stack?.split('\n').filter((line) => line.startsWith('    at ')),
    ...(cause.cause !== undefined && { cause: describeCause(cause.cause) }),
  };
}
