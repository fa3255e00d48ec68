import { setTimeout as delay } from 'node:timers/promises';

/** Waits, and keeps no process alive. @param stopping ends the wait early */
export async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stopping, ref: false }).catch(() => undefined);
}

/** A wait that ends in time, or when it is told to. */
interface EndablePause {
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** Waits, and keeps no process alive. For waits that often end early: to abort a signal makes an error and its stack each time. */
export function endablePause(ms: number): EndablePause {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms).unref();
    end = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { ended, end };
}
