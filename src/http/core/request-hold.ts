import type { RequestListener, Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A turn of the event loop that is longer did some work, or was kept waiting: somebody may have come unseen. */
const EMPTY_TURN_MS = 0.2;

/** However many come, a server that is to stop gets there. */
const PATIENCE_MS = 1_000;

/** Where requests can be held back for a moment before they are handled. */
export interface WaitingRoom {
  readonly listener: RequestListener;
  /** Holds back what comes from now on; fulfilled when nothing more comes. */
  readonly fill: (server: Server) => Promise<void>;
  /** Handles what was held back. */
  readonly empty: () => void;
}

/**
 * A room before a handler. A connection that the system has accepted, and that the process has not looked at yet, is reset
 * when the listener closes; while the process works there are always some. So work pauses until all are in.
 * @param quietMs without anybody new, everybody who was on the way is in
 */
export function waitingRoom(handle: RequestListener, quietMs: number): WaitingRoom {
  const waiting: (() => void)[] = [];
  let isOpen = true;
  return {
    listener: (message, response) => {
      if (isOpen) handle(message, response);
      else waiting.push(() => handle(message, response));
    },
    fill: async (server) => {
      isOpen = false;
      const deadline = performance.now() + PATIENCE_MS;
      let lastArrival = performance.now();
      const arrived = (): void => {
        lastArrival = performance.now();
      };
      server.on('connection', arrived).on('request', arrived);
      for (;;) {
        const turnedAt = performance.now();
        await nextTurn();
        const now = performance.now();
        if (now > deadline || (now - lastArrival > quietMs && now - turnedAt < EMPTY_TURN_MS)) break;
      }
      server.off('connection', arrived).off('request', arrived);
    },
    empty: () => {
      isOpen = true;
      for (const request of waiting.splice(0)) request();
    },
  };
}
