import DataLoader from 'dataloader';
import { GatewayError } from '../../errors/gateway-error.js';
import { Semaphore } from '../../timing/semaphore.js';
import { isDeadlock } from './database-errors.js';

/** Maximum number of requests that one statement serves. */
const MAX_BATCH = 100;

/** While this many requests are under way, a batch waits for their end, and what comes meanwhile shares its statement. */
const MANY_UNDER_WAY = 4;
/** Maximum time that it waits: a statement that takes longer holds nobody else up. */
const MAX_WAIT_FOR_BATCH_MS = 10;

/** Says when a batch is dispatched. */
export type Schedule = (dispatch: () => void) => void;

/** At the end of each turn of the event loop, whatever is under way. */
export const everyTurn: Schedule = (dispatch) => void setImmediate(dispatch);

/**
 * Serves requests that arrive together with one statement. Each gets its own outcome, and nothing is cached: a later request
 * is served anew.
 * @param batch same length and order as the requests; an `Error` fails only the request at its index
 * @param schedule by default the end of a turn of the event loop, or later while many requests are under way: one that is alone does not wait
 */
export function batched<Request, Outcome>(
  batch: (requests: readonly Request[]) => Promise<readonly (Outcome | Error)[]>,
  schedule?: Schedule,
): (request: Request) => Promise<Outcome> {
  if (schedule === undefined) {
    const queue = new BatchQueue();
    return batched(
      async (requests) => await queue.run(requests.length, async () => await batch(requests)),
      (dispatch) => queue.add(dispatch),
    );
  }
  const loader = new DataLoader(batch, {
    cache: false,
    maxBatchSize: MAX_BATCH,
    // Other arguments than the first would be the timer's.
    batchScheduleFn: (dispatch) => schedule(dispatch),
  });
  return async (request) => await loader.load(request);
}

/** Dispatches a batch at the end of a turn of the event loop; while many requests are under way, at their end or after its maximum wait. */
class BatchQueue {
  readonly #waiting = new Set<() => void>();
  #underWay = 0;

  add(dispatch: () => void): void {
    if (this.#underWay < MANY_UNDER_WAY) {
      setImmediate(dispatch);
      return;
    }
    const start = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(start);
      setImmediate(dispatch);
    };
    const timer = setTimeout(start, MAX_WAIT_FOR_BATCH_MS);
    this.#waiting.add(start);
  }

  async run<T>(requests: number, batch: () => Promise<T>): Promise<T> {
    this.#underWay += requests;
    try {
      return await batch();
    } finally {
      this.#underWay -= requests;
      const [next] = this.#waiting;
      if (this.#underWay < MANY_UNDER_WAY) next?.();
    }
  }
}

/** How writes are served that arrive together. */
interface BatchedWrites<Request, Outcome> {
  /**
   * One statement for all. It skips rows that are locked, and returns undefined for those, which `single` retries. Errors that
   * it throws are final for the whole batch when they concern all of it: the database is away or does not answer in time,
   * or the connection broke. After any other error each request is retried alone.
   */
  readonly batch: (requests: readonly Request[]) => Promise<readonly (Outcome | undefined)[]>;
  /** One statement for one request, which waits for its row. */
  readonly single: (request: Request) => Promise<Outcome>;
  readonly schedule?: Schedule;
}

/** The same for writes: one that fails does not fail the others, and none waits for a row that only another one needs. */
export function batchedWrites<Request, Outcome>({
  batch,
  single,
  schedule,
}: BatchedWrites<Request, Outcome>): (request: Request) => Promise<Outcome> {
  const attempt = batched(async (requests: readonly Request[]) => {
    try {
      return await batch(requests);
    } catch (error) {
      if (error instanceof GatewayError && !isDeadlock(error)) throw error;
      return requests.map(() => undefined);
    }
  }, schedule);
  return async (request) => (await attempt(request)) ?? (await single(request));
}

/** Maximum number of writes that wait for their rows at once: each holds a connection, and the process has ten. */
const MAX_WAITING_FOR_ROWS = 5;
/** Maximum time that another one waits before it may wait for its row. */
const MAX_WAIT_MS = 4_000;
/** A write that waited for longer than this does not wait for a connection for long as well. */
const LONG_WAIT_MS = 1_000;

/**
 * Keeps writes that wait for their rows from taking all connections, e.g. while a reseller moves and its customers are locked.
 * @param connectionWaitMs how long statements wait for a connection at present
 * @returns runs a write in its turn; OVERLOADED when that does not come in time
 */
export function rowWaits(connectionWaitMs: () => number): <T>(write: () => Promise<T>) => Promise<T> {
  const refusal = (): GatewayError => new GatewayError('OVERLOADED', { retryAfterMs: 1_000 });
  const slots = new Semaphore(MAX_WAITING_FOR_ROWS, { maxWaitMs: MAX_WAIT_MS, refusal });
  return async (write) => {
    const arrivedAt = performance.now();
    return await slots.run(async () => {
      const waitedMs = performance.now() - arrivedAt;
      if (waitedMs > LONG_WAIT_MS && connectionWaitMs() > LONG_WAIT_MS) throw refusal();
      return await write();
    });
  };
}

/** Dispatches at the end of this turn, but at least this long after the last time. */
export function throttled(milliseconds: number): Schedule {
  let next = 0;
  return (dispatch) => {
    const now = performance.now();
    if (next <= now) setImmediate(dispatch);
    else setTimeout(dispatch, next - now);
    next = Math.max(next, now) + milliseconds;
  };
}
