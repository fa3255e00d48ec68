/** Leads on at once, or in one of the next turns of the event loop. */
export type TakeTurn = () => Promise<void>;

/** A millisecond for events of usual size, ten for very large ones. */
const PIECES = 32;

/**
 * Divides work that comes in floods, e.g. a change that thousands subscribe to, into turns of the event loop, so that
 * everybody else is served in between.
 * @param pieces maximum number of pieces of work in one turn
 */
export function eventLoopTurns(pieces = PIECES): TakeTurn {
  let left = pieces;
  let isScheduled = false;
  const waiting: (() => void)[] = [];
  const begin = (): void => {
    const next = waiting.splice(0, pieces);
    left = pieces - next.length;
    isScheduled = next.length > 0;
    if (isScheduled) setImmediate(begin);
    for (const proceed of next) proceed();
  };
  return async () => {
    if (!isScheduled) {
      isScheduled = true;
      setImmediate(begin);
    }
    if (left > 0) left -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
}
