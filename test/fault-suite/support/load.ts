import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';

/** One window of load: who is asked what, by how many or how often, for how long. */
type LoadWindow = LoadJob & ({ readonly clients: number } | { readonly perSecond: number });

interface LoadJob {
  readonly url: string;
  readonly token: string;
  /** Of devices; questions get one of them as `$id`. */
  readonly ids: readonly string[];
  readonly questions: readonly string[];
  readonly windowMs: number;
}

const result = z.strictObject({
  /** Milliseconds that the answers took, from when they were wanted. */
  times: z.array(z.number()),
  /** The same of a server that does nothing, asked meanwhile by the same process. */
  controlTimes: z.array(z.number()),
  /** `done` or the code of the first error → how often. */
  outcomes: z.record(z.string(), z.int()),
  /** The status of each REST page that was read. */
  pages: z.array(z.int()),
});

/** What a window of load saw. */
export type LoadResult = z.infer<typeof result>;

/** Clients in a process of their own. */
export interface Load {
  /** Runs one window to its end. */
  readonly run: (window: LoadWindow) => Promise<LoadResult>;
  readonly stop: () => Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'load-process.mjs');

/**
 * Starts the clients, and the server that does nothing.
 * @param databaseUrl that this server asks for each answer; none when absent
 */
export async function startLoad(databaseUrl = ''): Promise<Load> {
  const control = fork(PROGRAM, ['control', databaseUrl], { execArgv: [] });
  const clients = fork(PROGRAM, { execArgv: [] });
  const controlUrl = z.url().parse(await messageOf(control));
  return {
    run: async (window) => {
      const answer = messageOf(clients);
      clients.send({ ...window, controlUrl });
      return result.parse(await answer);
    },
    stop: async () => {
      await Promise.all([control, clients].map(end));
    },
  };
}

/** The next message of a process; undefined when it ends instead. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  return await new Promise((resolve) => {
    const answer = (message?: unknown): void => {
      child.off('message', answer).off('exit', ended);
      resolve(message);
    };
    const ended = (): void => answer();
    child.on('message', answer).on('exit', ended);
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}
