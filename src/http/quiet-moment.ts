import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** However much comes in, a server that is to stop gets there. */
const PATIENCE_MS = 2_000;

/** A turn of the event loop that is shorter did no work, during which somebody could have come unseen. */
const EMPTY_TURN_MS = 0.2;

/**
 * Waits for a turn of the event loop in which nothing new came and nothing was done. A connection or request that has
 * arrived, and that nobody has looked at yet, would be reset when the server closes now.
 */
export async function quietMoment(server: Server): Promise<void> {
  let arrived = 0;
  const count = (): void => {
    arrived += 1;
  };
  server.on('connection', count).on('request', count);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const [before, startedAt] = [arrived, performance.now()];
    await nextTurn();
    const now = performance.now();
    if ((arrived === before && now - startedAt < EMPTY_TURN_MS) || now > deadline) break;
  }
  server.off('connection', count).off('request', count);
}
