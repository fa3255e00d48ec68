/** Ctrl-C reaches the process from the terminal and once more from npm: that is one request. */
const ONE_REQUEST_MS = 2_000;

/** The first signal that asks the process to stop. A later one ends it at once, should a start or a stop hang. */
export async function shutdownSignal(): Promise<string> {
  return await new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, (name) => {
        first ??= Date.now();
        if (Date.now() - first > ONE_REQUEST_MS) process.exit(1);
        resolve(name);
      });
    }
  });
}
