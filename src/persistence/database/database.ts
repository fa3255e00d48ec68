import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../generated/prisma/client.js';
import { GatewayError } from '../../errors/gateway-error.js';
import { REQUEST_TIMEOUTS, schemaOf, sessionConfig, unstatedConfig } from './session.js';
import { connectError, errorOfPrisma, losesConnection, statementError } from './database-errors.js';

/** What is known of a statement's effect when its connection breaks before the answer: there is none, or nobody knows. */
type LostConnection = 'nothing-written' | 'unknown';

/** A statement that runs beside Prisma. */
export interface Statement {
  /** Given to a text that never changes, so that PostgreSQL parses it once for each connection; the set of names is small. */
  readonly name?: string;
  /** Which of the texts of this name it is, where there are several; their set is small too. */
  readonly variant?: number;
  readonly text: string;
  readonly onLostConnection: LostConnection;
  /** How long its answer is waited for, in milliseconds, where that is longer than usual; the statement before it in its transaction raises the server's own limit. */
  readonly timeoutMs?: number;
  /** Set where the statement adds rows to `device_change`, so that whoever reads them is notified after the commit. */
  readonly changesDevices?: true;
}

/** A row as the driver gives it, by column name; nothing about it is known yet. */
export type RawRow = Readonly<Record<string, unknown>>;

/** Runs a statement, on the pool or on the connection of a transaction. */
export type RunStatement = (statement: Statement, values: readonly unknown[]) => Promise<readonly RawRow[]>;

/** The gateway's way to PostgreSQL: Prisma for everything, and the same pool bare for the hot reads. */
export interface Database {
  readonly prisma: Prisma;
  readonly run: RunStatement;
  /** The same through Prisma's client: updates are written this way. */
  readonly runThroughPrisma: RunStatement;
  /** Runs `work` in one transaction; it is committed when `work` returns. */
  readonly transaction: <T>(work: (run: RunStatement) => Promise<T>) => Promise<T>;
  readonly pool: () => PoolUse;
  readonly close: () => Promise<void>;
}

/** How busy the pool is. */
interface PoolUse {
  /** Connections that are open. */
  readonly total: number;
  readonly idle: number;
  /** Statements that wait for a connection. */
  readonly waiting: number;
  /** How long the one of them has waited that came first, in milliseconds; 0 when none waits. */
  readonly longestWaitMs: number;
}

/** What a pooler between here and PostgreSQL keeps for a connection, if there is one: its session, or one transaction at a time. */
export type PoolMode = 'session' | 'transaction';

/** How long a request waits for a connection, and for an answer of the server, before it fails. */
const CONNECT_TIMEOUT_MS = 4_500;
const QUERY_TIMEOUT_MS = 10_000;

/** Maximum number of statements that wait for a connection; a later one would wait in vain, and fails at once. */
const MAX_WAITING = 500;

/**
 * Opens a pool of connections; the first one is made when it is needed.
 * @param url names the schema, unless that is `public`
 */
export function openDatabase(
  url: string,
  onError: (error: Error) => void,
  poolMode: PoolMode = 'session',
): Database {
  const hasSessions = poolMode === 'session';
  const pool = new pg.Pool({
    ...(hasSessions ? sessionConfig(url, REQUEST_TIMEOUTS) : unstatedConfig(url)),
    max: 10,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'device-gateway',
  });
  pool.on('error', onError);
  // A client that the pool removes may still get an error when the server stops; nobody else listens by then.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const names = new Map<string, string>();
  const runClient = hasSessions ? runOn : runUnnamedOn;
  const waits: Waits = new Set();
  // Prisma's own statements have no name: the number of their texts has no bound.
  const statementNameGenerator = ({ sql }: { readonly sql: string }): string => names.get(sql) ?? '';
  const prisma = new PrismaClient({
    adapter: new PrismaPg(withExactErrors(pool, waits), {
      statementNameGenerator,
      schema: schemaOf(url) ?? 'public',
    }),
    // The other formats take a stack trace of each call, for a message that is never shown.
    errorFormat: 'minimal',
  });
  return {
    prisma: withGatewayErrors(prisma, () => assertShortQueue(pool)),
    run: async (statement, values) =>
      await withClient(pool, waits, async (client) => await runClient(client, statement, values)),
    runThroughPrisma: async ({ name, text }, values) => {
      if (name !== undefined && hasSessions) names.set(text, name);
      return await prisma.$queryRawUnsafe<RawRow[]>(text, ...values).catch(rethrow);
    },
    transaction: async (work) =>
      await withClient(
        pool,
        waits,
        async (client, drop) => await transactionOn(client, runClient, drop, work),
      ),
    pool: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      longestWaitMs: longestOf(waits),
    }),
    close: async () => {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Carries an error through Prisma, which would replace the driver's by one of its own. */
class StatementFailure extends Error {}

/** Prisma calls the pool itself; with this `query` its statements fail exactly as ours do. Statements in its transactions do not use it. */
function withExactErrors(pool: pg.Pool, waits: Waits): pg.Pool {
  const query = async (config: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> => {
    const onLostConnection = /^\s*SELECT\b/i.test(config.text) ? 'nothing-written' : 'unknown';
    try {
      return await withClient(
        pool,
        waits,
        async (client) => await client.query(config).catch(failed(onLostConnection)),
      );
    } catch (cause) {
      throw new StatementFailure('A statement failed.', { cause });
    }
  };
  return Object.defineProperty(pool, 'query', { value: query });
}

/** @throws what the gateway makes of an error of Prisma's */
function rethrow(error: unknown): never {
  throw error instanceof StatementFailure ? error.cause : errorOfPrisma(error);
}

/** Turns Prisma's many ways to say "no database" into ours, in one place. */
function withGatewayErrors(prisma: PrismaClient, assertShortQueue: () => void) {
  return prisma.$extends({
    query: {
      $allOperations: async ({ args, query }): Promise<unknown> => {
        assertShortQueue();
        return await query(args).catch(rethrow);
      },
    },
  });
}

/** Prisma's client, with database errors turned into the catalogue's. */
export type Prisma = ReturnType<typeof withGatewayErrors>;

/** @throws OVERLOADED when too many wait for a connection already: nothing was sent */
function assertShortQueue(pool: pg.Pool): void {
  if (pool.waitingCount >= MAX_WAITING) throw new GatewayError('OVERLOADED', { retryAfterMs: 1_000 });
}

/** Since when statements wait for a connection, by `performance.now()`; the first one has waited for the longest time. */
type Waits = Set<{ readonly since: number }>;

function longestOf(waits: Waits): number {
  const [first] = waits;
  return first === undefined ? 0 : performance.now() - first.since;
}

/** @param work is given a connection, and what keeps it from being used again */
async function withClient<T>(
  pool: pg.Pool,
  waits: Waits,
  work: (client: pg.PoolClient, drop: () => void) => Promise<T>,
): Promise<T> {
  assertShortQueue(pool);
  const client = await connected(pool, waits);
  let isLost = false;
  const drop = (): void => {
    isLost = true;
  };
  client.on('error', drop);
  try {
    return await work(client, drop);
  } catch (error) {
    isLost ||= losesConnection(error);
    throw error;
  } finally {
    client.off('error', drop);
    client.release(isLost);
  }
}

async function connected(pool: pg.Pool, waits: Waits): Promise<pg.PoolClient> {
  const wait = { since: performance.now() };
  waits.add(wait);
  try {
    return await pool.connect();
  } catch (error) {
    throw connectError(error);
  } finally {
    waits.delete(wait);
  }
}

type RunOnClient = (
  client: pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
) => Promise<readonly RawRow[]>;

async function runOn(
  client: pg.ClientBase,
  { name = '', variant, text, onLostConnection, timeoutMs }: Statement,
  values: readonly unknown[],
): Promise<readonly RawRow[]> {
  const query = client.query<RawRow>({
    ...{ name: variant === undefined ? name : `${name}-${variant}`, text, values: [...values] },
    ...(timeoutMs !== undefined && { query_timeout: timeoutMs }),
  });
  return (await query.catch(failed(onLostConnection))).rows;
}

/** A named statement belongs to a session: where each transaction may come to another one, there is no such name, or another text has it. */
const runUnnamedOn: RunOnClient = async (client, { text, onLostConnection, timeoutMs }, values) =>
  await runOn(client, { text, onLostConnection, ...(timeoutMs !== undefined && { timeoutMs }) }, values);

/** What becomes of an error of the driver. */
function failed(onLostConnection: LostConnection): (error: unknown) => never {
  return (error) => {
    throw statementError(error, onLostConnection);
  };
}

const BEGIN: Statement = { name: 'begin', text: 'BEGIN', onLostConnection: 'nothing-written' };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT', onLostConnection: 'unknown' };

async function transactionOn<T>(
  client: pg.ClientBase,
  runClient: RunOnClient,
  drop: () => void,
  work: (run: RunStatement) => Promise<T>,
): Promise<T> {
  const run: RunStatement = async (statement, values) =>
    // Until the commit a broken connection means that nothing was written.
    await runClient(client, { ...statement, onLostConnection: 'nothing-written' }, values);
  await run(BEGIN, []);
  try {
    const result = await work(run);
    await runClient(client, COMMIT, []);
    return result;
  } catch (error) {
    // Nothing more is sent on a connection whose state is unknown.
    if (!losesConnection(error)) await client.query('ROLLBACK').catch(drop);
    throw error;
  }
}
