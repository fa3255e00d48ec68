import DataLoader from 'dataloader';
import { GatewayError } from '../../errors/gateway-error.js';
import { isDeadlock } from './database-errors.js';

/** So many are done by one statement at most. */
const MAX_AT_ONCE = 100;

/** Says when those that were gathered are to be done. */
export type Schedule = (dispatch: () => void) => void;

/**
 * Does what several requests want at the same moment by one statement. Each gets its own answer, and nothing is kept: what is
 * wanted later is done anew.
 * @param together same length and order as the wishes; an `Error` fails only the one in whose place it stands
 * @param schedule by default all that one turn of the event loop brings is done at its end: alone, a wish waits for nothing
 */
export function gathered<Wish, Outcome>(
  together: (wishes: readonly Wish[]) => Promise<readonly (Outcome | Error)[]>,
  schedule: Schedule = setImmediate,
): (wish: Wish) => Promise<Outcome> {
  const loader = new DataLoader(together, {
    cache: false,
    maxBatchSize: MAX_AT_ONCE,
    // Other arguments than the first would be the timer's.
    batchScheduleFn: (dispatch) => schedule(dispatch),
  });
  return async (wish) => await loader.load(wish);
}

/**
 * The same for writes: the fault of one is not the others', and nobody waits for a row that only another's write needs.
 * @param together one statement for all, which leaves out the rows that somebody else holds: undefined for those. It throws past
 *   `alone` only what concerns everybody: a database that is away or does not answer in time, a connection that broke
 * @param alone one statement for one wish, which waits for its row
 */
export function gatheredWrites<Wish, Outcome>(
  together: (wishes: readonly Wish[]) => Promise<readonly (Outcome | undefined)[]>,
  alone: (wish: Wish) => Promise<Outcome>,
  schedule?: Schedule,
): (wish: Wish) => Promise<Outcome> {
  const attempt = gathered(async (wishes: readonly Wish[]) => {
    try {
      return await together(wishes);
    } catch (error) {
      if (error instanceof GatewayError && !isDeadlock(error)) throw error;
      return wishes.map(() => undefined);
    }
  }, schedule);
  return async (wish) => (await attempt(wish)) ?? (await alone(wish));
}

/** Dispatches at the end of this turn, and so long after the time before at the earliest. */
export function atMostEvery(milliseconds: number): Schedule {
  let next = 0;
  return (dispatch) => {
    const now = performance.now();
    if (next <= now) setImmediate(dispatch);
    else setTimeout(dispatch, next - now);
    next = Math.max(next, now) + milliseconds;
  };
}
