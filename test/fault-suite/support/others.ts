import { setTimeout as delay } from 'node:timers/promises';
import { send } from './client.js';

const PAUSE_MS = 25;

/** Somebody who asks for something small again and again. */
export interface Others {
  /** @returns how long the slowest answer took, in milliseconds */
  readonly stop: () => Promise<number>;
}

/** Asks a gateway whether it is there, and how long that takes. */
export function startOthers(url: string): Others {
  const path = new URL('/health/live', url).href;
  let isStopping = false;
  let slowestMs = 0;
  const asking = async (): Promise<void> => {
    while (!isStopping) {
      const { startedAt, endedAt } = await send(path, 'GET', '', {});
      slowestMs = Math.max(slowestMs, endedAt - startedAt);
      await delay(PAUSE_MS);
    }
  };
  const done = asking();
  return {
    stop: async () => {
      isStopping = true;
      await done;
      return slowestMs;
    },
  };
}
