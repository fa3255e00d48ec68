import { errorCode } from '../../errors/error-code.js';
import pg from 'pg';
import type { ErrorCode } from '../../errors/catalogue.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { StartupError } from '../../errors/startup-error.js';

/** SQLSTATE classes that mean "the server is there but cannot work now": nothing was written. */
const UNAVAILABLE_CLASSES: ReadonlySet<string> = new Set(['08', '53', '57', '58']);

/** The server went away, or is about to: what it did last is not known. */
const CONNECTION_LOST: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05']);

/**
 * Errors of a statement, which leave its connection as good as before. 40001, 40P01: rolled back and worth another attempt.
 * 25006: a standby that is not promoted yet. 55P03: a lock was not to be had in time. 57014: a statement took too long.
 */
const TRANSIENT: ReadonlySet<string> = new Set(['40001', '40P01', '25006', '55P03', '57014']);

/** A transaction took too long, and the server ended its connection. */
const TRANSACTION_ENDED: ReadonlySet<string> = new Set(['25P03', '25P04']);

/** The SQLSTATE of an error that PostgreSQL itself reported. */
function sqlState(error: unknown): string | undefined {
  // Node's own codes can look like one: EPIPE.
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** The constraint that a write broke, if it broke one. */
export function brokenConstraint(error: unknown): string | undefined {
  if (sqlState(error)?.startsWith('23') !== true) return undefined;
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : undefined;
}

/** A connection could not be had: nothing was sent, so nothing was written. */
export function connectError(cause: unknown): GatewayError {
  return new GatewayError('DATABASE_UNAVAILABLE', {}, { cause });
}

/** The error of a statement that failed after it was sent; one that is not the database's comes back as it is. */
export function statementError(cause: unknown, onLostConnection: 'nothing-written' | 'unknown'): unknown {
  const state = sqlState(cause);
  if (wasNeverSent(cause)) return connectError(cause);
  const isLost = state === undefined || CONNECTION_LOST.has(state);
  if (isLost) {
    return new GatewayError(
      onLostConnection === 'unknown' ? 'OUTCOME_UNKNOWN' : 'DATABASE_UNAVAILABLE',
      {},
      { cause },
    );
  }
  return isUnavailableState(state) ? connectError(cause) : cause;
}

function isUnavailableState(state: string): boolean {
  return TRANSIENT.has(state) || TRANSACTION_ENDED.has(state) || UNAVAILABLE_CLASSES.has(state.slice(0, 2));
}

/** After these errors nobody knows what a connection still does, unless the server itself said what went wrong. */
const BROKEN: ReadonlySet<ErrorCode> = new Set(['DATABASE_UNAVAILABLE', 'OUTCOME_UNKNOWN']);

/** Whether a connection is of no use any more after this error; if not, a transaction on it is to be rolled back. */
export function losesConnection(error: unknown): boolean {
  if (!(error instanceof GatewayError) || !BROKEN.has(error.code)) return false;
  return !TRANSIENT.has(sqlState(error.cause) ?? '');
}

/** Whether PostgreSQL gave a statement up because of a deadlock: nothing was written, and the deadlock is resolved. */
export function isDeadlock({ cause }: GatewayError): boolean {
  return sqlState(cause) === '40P01';
}

/** The driver sends nothing over a connection that it knows to be lost. */
function wasNeverSent(cause: unknown): boolean {
  return cause instanceof Error && cause.message.endsWith('and is not queryable');
}

/** Prisma's codes for a database that cannot be reached, asks to wait, or went away. */
const PRISMA_UNAVAILABLE: ReadonlySet<string> = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'P2034',
  'P2037',
]);

/** The SQLSTATE of what PostgreSQL said, as Prisma repeats it: "Code: `55P03`". */
function stateInMessage({ message }: Error): string {
  const [, first = '', state = first] = /\bCode: `([0-9A-Z]{5})`|\b(57P0\d)\b/.exec(message) ?? [];
  return state;
}

/** The same for what Prisma throws; our requests only read through it. An error of another kind comes back as it is. */
export function errorOfPrisma(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  const code = errorCode(cause);
  const isAway =
    code === undefined
      ? /timeout exceeded when trying to connect|Connection terminated|Query read timeout/.test(cause.message)
      : PRISMA_UNAVAILABLE.has(code) || isUnavailableState(stateInMessage(cause));
  return isAway ? connectError(cause) : cause;
}

/** Transient errors while a database server, or the network around it, comes up. */
const COMING_UP: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P03',
]);

/** Whether a server that cannot be reached at the start may be there in a moment. */
export function mayComeUp(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof StartupError) return false;
  return 'code' in error ? COMING_UP.has(String(error.code)) : /timeout|terminated/i.test(error.message);
}

/** The message for an operator about a database that cannot be used at the start; undefined for any other error. */
export function connectErrorReason(error: unknown): string | undefined {
  const code = errorCode(error);
  switch (code) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'EPIPE':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `the database server does not answer (${code}). Start it, or correct host and port.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host is not known (${code}). Correct it.`;
    case '28P01':
    case '28000':
      return 'the server refuses this user or password. Correct them.';
    case '3D000':
      return 'there is no such database on the server. Create it first.';
    case '42501':
      return 'the user may not change this database. Grant it the right to, or run the migrations as another user.';
    case '08P01':
      return 'a pooler refuses settings of sessions. Connect to PostgreSQL itself, or have the pooler pass them on or ignore them as docs/operations/poolers.md says.';
    case '42704':
      return 'the server lacks a setting that PostgreSQL 15 has. The gateway needs PostgreSQL 15 or newer.';
    case '57P03':
      return 'the database server is starting or stopping. Try again in a moment.';
    case undefined:
      return error instanceof Error && /timeout|terminated|SSL/i.test(error.message)
        ? `the database server cannot be used: ${error.message}.`
        : undefined;
    default:
      return undefined;
  }
}
