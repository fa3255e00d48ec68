import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startHelper, stopProcess } from './processes.mjs';

/** Starts the load generator. @returns `run`, which runs a job of load-process.mjs, and `stop` */
export async function startLoad(tokens) {
  const child = startHelper(fileURLToPath(new URL('load-process.mjs', import.meta.url)));
  child.send({ tokens });
  const ended = once(child, 'close').then(() => ({ failure: 'The load generator has ended.' }));
  return {
    run: async (job) => {
      const answer = once(child, 'message').then(([message]) => message);
      child.send(job);
      const result = await Promise.race([answer, ended]);
      if (result.failure !== undefined) throw new Error(result.failure);
      return result;
    },
    stop: async () => await stopProcess(child),
  };
}
