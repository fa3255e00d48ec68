import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { PrismaClient } from '../../generated/prisma/client.js';
import { type Connections, failed } from './connections.js';
import type { RawRow, RunStatement } from './database.js';
import { errorOfPrisma } from './database-errors.js';

// Prisma's client shares the pool with the hot reads, so that both have one limit of connections and one queue. It gets that pool
// with a `query` of ours: Prisma turns an error of the driver into one of its own and drops what the gateway decides by, so the
// error passes through it as the cause of a `StatementFailure`, and is taken out again on the other side. The values of a named
// statement pass beside it: Prisma writes values as JSON and reads that again, tens of kilobytes of text for a batch of writes.

/** Prisma's client over a pool. */
interface PrismaOverPool {
  readonly prisma: Prisma;
  readonly run: RunStatement;
}

/**
 * Opens Prisma's client over a pool.
 * @param keepsNames whether statements may have names, which belong to a session
 */
export function prismaOverPool(
  connections: Connections,
  schema: string,
  keepsNames: boolean,
): PrismaOverPool {
  const names = new Map<string, string>();
  const passed = new PassedValues();
  // Prisma's own statements have no name: the number of their texts has no bound.
  const statementNameGenerator = ({ sql }: { readonly sql: string }): string => names.get(sql) ?? '';
  const toSend = (config: pg.QueryArrayConfig): pg.QueryArrayConfig =>
    names.has(config.text) ? { ...config, values: passed.of(config.values) } : config;
  const prisma = new PrismaClient({
    adapter: new PrismaPg(withExactErrors(connections, toSend), { statementNameGenerator, schema }),
    // The other formats take a stack trace of each call, for a message that is never shown.
    errorFormat: 'minimal',
  });
  return {
    prisma: withGatewayErrors(prisma, connections),
    run: async ({ name, text }, values) => {
      if (name === undefined) return await prisma.$queryRawUnsafe<RawRow[]>(text, ...values).catch(rethrow);
      names.set(text, keepsNames ? name : '');
      const ticket = passed.put(values);
      return await prisma
        .$queryRawUnsafe<RawRow[]>(text, ticket)
        .catch(rethrow)
        .finally(() => passed.drop(ticket));
    },
  };
}

/** Values that pass beside Prisma, which is given a ticket for them. */
class PassedValues {
  readonly #values = new Map<string, readonly unknown[]>();
  #last = 0;

  /** @returns the ticket */
  put(values: readonly unknown[]): string {
    this.#last += 1;
    const ticket = String(this.#last);
    this.#values.set(ticket, values);
    return ticket;
  }

  /** @param sent what Prisma sends: the ticket */
  of([ticket]: unknown[] = []): unknown[] {
    const values = this.#values.get(String(ticket));
    if (values === undefined) throw new Error('There are no such values.');
    return [...values];
  }

  drop(ticket: string): void {
    this.#values.delete(ticket);
  }
}

/** Carries an error through Prisma, which would replace the driver's by one of its own. */
class StatementFailure extends Error {}

/** Prisma calls the pool itself; with this `query` its statements fail exactly as ours do. Statements in its transactions do not use it. */
function withExactErrors(
  connections: Connections,
  toSend: (config: pg.QueryArrayConfig) => pg.QueryArrayConfig,
): pg.Pool {
  const query = async (asked: pg.QueryArrayConfig): Promise<pg.QueryArrayResult> => {
    const config = toSend(asked);
    const onLostConnection = /^\s*SELECT\b/i.test(config.text) ? 'nothing-written' : 'unknown';
    try {
      return await connections.use(
        async (client) => await client.query(config).catch(failed(onLostConnection)),
      );
    } catch (cause) {
      throw new StatementFailure('A statement failed.', { cause });
    }
  };
  return Object.defineProperty(connections.pool, 'query', { value: query });
}

/** @throws what the gateway makes of an error of Prisma's */
function rethrow(error: unknown): never {
  throw error instanceof StatementFailure ? error.cause : errorOfPrisma(error);
}

/** Turns Prisma's many ways to say "no database" into ours, in one place. */
function withGatewayErrors(prisma: PrismaClient, connections: Connections) {
  return prisma.$extends({
    query: {
      $allOperations: async ({ args, query }): Promise<unknown> => {
        connections.assertShortQueue();
        return await query(args).catch(rethrow);
      },
    },
  });
}

/** Prisma's client, with database errors turned into the catalogue's. */
export type Prisma = ReturnType<typeof withGatewayErrors>;
