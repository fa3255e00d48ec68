import 'reflect-metadata';
import { appendFileSync, readFileSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { z } from 'zod';

// Most shapes of answers are used once: to compile them takes longer than they do.
z.config({ jitless: true });

/** With CPU_BY_FILE=PATH, a line of JSON for each test file goes there: what the file cost. */
const { CPU_BY_FILE: log } = process.env;

/** CPU of this worker, and of those of its processes that have ended; in milliseconds. */
function cpuMs(): { readonly worker: number; readonly processes: number } {
  const { user, system } = process.cpuUsage();
  // proc(5): behind the name in parentheses, user and system time of ended children are the 14th and 15th, in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { worker: (user + system) / 1_000, processes: (Number(fields[13]) + Number(fields[14])) * 10 };
}

// Runs before each file, and its hook behind all hooks of the file.
if (log !== undefined) {
  const [before, startedAt] = [cpuMs(), performance.now()];
  afterAll(() => {
    const after = cpuMs();
    const cost = {
      file: expect.getState().testPath,
      wallMs: Math.round(performance.now() - startedAt),
      workerMs: Math.round(after.worker - before.worker),
      processesMs: Math.round(after.processes - before.processes),
    };
    appendFileSync(log, `${JSON.stringify(cost)}\n`);
  });
}
