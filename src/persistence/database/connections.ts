import type pg from 'pg';
import { GatewayError } from '../../errors/gateway-error.js';
import type { LostConnection } from './database.js';
import { connectError, losesConnection, statementError } from './database-errors.js';

/** Maximum number of statements that wait for a connection; a later one would wait in vain, and fails at once. */
const MAX_WAITING = 500;

/** The connections of a pool, each used for one piece of work at a time. */
export class Connections {
  /** Since when work waits for a connection, by `performance.now()`; the first one has waited for the longest time. */
  readonly #waits = new Set<{ readonly since: number }>();

  constructor(readonly pool: pg.Pool) {}

  /** How long the work has waited that has waited for the longest time, in milliseconds; 0 when none waits. */
  get longestWaitMs(): number {
    const [first] = this.#waits;
    return first === undefined ? 0 : performance.now() - first.since;
  }

  /** @throws OVERLOADED when too many wait for a connection already: nothing was sent */
  assertShortQueue(): void {
    if (this.pool.waitingCount < MAX_WAITING) return;
    throw new GatewayError('OVERLOADED', { retryAfterMs: 1_000 });
  }

  /** Runs work on a connection. @param work is given a connection, and what keeps it from being used again */
  async use<T>(work: (client: pg.PoolClient, drop: () => void) => Promise<T>): Promise<T> {
    this.assertShortQueue();
    const client = await this.#connected();
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

  async #connected(): Promise<pg.PoolClient> {
    const wait = { since: performance.now() };
    this.#waits.add(wait);
    try {
      return await this.pool.connect();
    } catch (error) {
      throw connectError(error);
    } finally {
      this.#waits.delete(wait);
    }
  }
}

/** Turns an error of the driver into what the gateway makes of it. */
export function failed(onLostConnection: LostConnection): (error: unknown) => never {
  return (error) => {
    throw statementError(error, onLostConnection);
  };
}
