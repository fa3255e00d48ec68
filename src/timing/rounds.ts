/**
 * Does something at once and then at every interval, never twice at the same time; keeps no process alive.
 * @param round never rejects
 * @returns what ends it, and waits for the round that runs
 */
export function startRounds(round: () => Promise<void>, everyMs: number): () => Promise<void> {
  let running: Promise<void> | undefined;
  const start = (): void => {
    running ??= round().finally(() => (running = undefined));
  };
  start();
  const timer = setInterval(start, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
