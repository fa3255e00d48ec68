import type { Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** However much comes in, a server that is to stop gets there. */
const PATIENCE_MS = 1_000;

/**
 * Waits for a turn of the event loop in which nothing new came. A connection or request that has arrived, and that nobody
 * has looked at yet, would be reset when the server closes now.
 */
export async function quietMoment(server: Server): Promise<void> {
  let arrived = 0;
  const count = (): void => {
    arrived += 1;
  };
  server.on('connection', count).on('request', count);
  const deadline = performance.now() + PATIENCE_MS;
  let before: number;
  do {
    before = arrived;
    await nextTurn();
  } while (arrived > before && performance.now() < deadline);
  server.off('connection', count).off('request', count);
}
