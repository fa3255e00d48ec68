import pg from 'pg';
import { taken } from '../../domain/taken.js';
import { Connections, failed } from './connections.js';
import { losesConnection } from './database-errors.js';
import { type Prisma, prismaOverPool } from './prisma-over-pool.js';
import { REQUEST_TIMEOUTS, schemaOf, sessionConfig, unstatedConfig } from './session.js';

/** What is known of a statement's effect when its connection breaks before the answer: there is none, or nobody knows. */
export type LostConnection = 'nothing-written' | 'unknown';

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
export type RunStatement = (statement: Statement, values: readonly unknown[]) => Promise<RawRow[]>;

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
  const runClient = hasSessions ? runOn : runUnnamedOn;
  const connections = new Connections(pool);
  const throughPrisma = prismaOverPool(connections, schemaOf(url) ?? 'public', hasSessions);
  return {
    prisma: throughPrisma.prisma,
    run: async (statement, values) =>
      await connections.use(async (client) => await runClient(client, statement, values)),
    runThroughPrisma: throughPrisma.run,
    transaction: async (work) =>
      await connections.use(async (client, drop) => await transactionOn(client, runClient, drop, work)),
    pool: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      longestWaitMs: connections.longestWaitMs,
    }),
    close: async () => {
      await throughPrisma.prisma.$disconnect();
      await pool.end();
    },
  };
}

type RunOnClient = (
  client: pg.ClientBase,
  statement: Statement,
  values: readonly unknown[],
) => Promise<RawRow[]>;

async function runOn(
  client: pg.ClientBase,
  { name = '', variant, text, onLostConnection, timeoutMs }: Statement,
  values: readonly unknown[],
): Promise<RawRow[]> {
  const query = client.query<RawRow>({
    ...{ name: variant === undefined ? name : `${name}-${variant}`, text, values: [...values] },
    ...(timeoutMs !== undefined && { query_timeout: timeoutMs }),
  });
  // The driver's own list would keep the rows alive until a collection of old garbage.
  return taken((await query.catch(failed(onLostConnection))).rows);
}

/** A named statement belongs to a session: where each transaction may come to another one, there is no such name, or another text has it. */
const runUnnamedOn: RunOnClient = async (client, { text, onLostConnection, timeoutMs }, values) =>
  await runOn(client, { text, onLostConnection, ...(timeoutMs !== undefined && { timeoutMs }) }, values);

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
