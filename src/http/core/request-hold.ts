import type { RequestListener, Server } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A turn of the event loop that is longer did some work, or had to wait: a connection may have arrived meanwhile. */
const EMPTY_TURN_MS = 0.2;

/** Maximum time that a stop waits for quiet, however many requests come. */
const PATIENCE_MS = 1_000;

/** Holds requests back for a moment before they are handled. */
export interface RequestHold {
  readonly listener: RequestListener;
  /** Holds back what comes from now on; fulfilled when nothing more comes. */
  readonly hold: (server: Server) => Promise<void>;
  /** Handles what was held back. */
  readonly release: () => void;
}

/**
 * A hold before a handler. A connection that the system has accepted, and that the process has not looked at yet, is reset
 * when the listener closes; while the process works there are always some. So work pauses until all are in.
 * @param quietMs without a new connection, all that were accepted have arrived
 */
export function requestHold(handle: RequestListener, quietMs: number): RequestHold {
  const waiting: (() => void)[] = [];
  let isOpen = true;
  return {
    listener: (message, response) => {
      if (isOpen) handle(message, response);
      else waiting.push(() => handle(message, response));
    },
    hold: async (server) => {
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
    release: () => {
      isOpen = true;
      for (const request of waiting.splice(0)) request();
    },
  };
}
