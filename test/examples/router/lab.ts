import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Outcome, start } from '../../support/processes.js';

const EXAMPLE = resolve(import.meta.dirname, '../../../examples/router');

/** The first of two calls that dnsmasq gets for an order: to test the new file, and to start with it. */
type Moment = 'test' | 'start';

/** Stands before dnsmasq in the path, and at a moment that is asked for lasts until the router program is killed. */
const HOLDING_DNSMASQ = `#!/bin/sh
case "$*" in *--test*) moment=test ;; *) moment=start ;; esac
if mv "$0.hold-$moment" "$0.held" 2>/dev/null; then
  while kill -0 $PPID 2>/dev/null; do sleep 0.02; done
  exit 1
fi
exec /usr/sbin/dnsmasq "$@"
`;

/** `examples/router/lab.mjs` as it is started from its README. */
export interface Lab {
  readonly pid: number;
  /** The folder of the router's files. */
  readonly folder: string;
  /** Waits for a line that was printed after the last one that was waited for. @returns what the groups match */
  readonly next: (pattern: RegExp) => Promise<readonly string[]>;
  /** Gives an order, and kills the router program in the middle of it. */
  readonly killRouterAt: (moment: Moment, order: () => Promise<unknown>) => Promise<void>;
  readonly end: (signal: NodeJS.Signals) => Promise<Outcome>;
}

export async function startLab(env: Readonly<Record<string, string>>): Promise<Lab> {
  const path = await mkdtemp(join(tmpdir(), 'device gateway dnsmasq '));
  const dnsmasq = join(path, 'dnsmasq');
  await writeFile(dnsmasq, HOLDING_DNSMASQ);
  await chmod(dnsmasq, 0o755);
  const lab = start([join(EXAMPLE, 'lab.mjs')], { ...env, PATH: `${path}:${process.env['PATH'] ?? ''}` });
  const { pid = 0 } = lab.child;
  let seen = 0;
  const next: Lab['next'] = async (pattern) => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const lines = lab.output.stdout.split('\n').slice(0, -1);
      const index = lines.findIndex((line, place) => place >= seen && pattern.test(line));
      if (index >= 0) {
        seen = index + 1;
        return pattern.exec(lines[index] ?? '') ?? [];
      }
      if (Date.now() > deadline) {
        const said = `${lab.output.stdout}${lab.output.stderr}`;
        throw new Error(`There is no ${String(pattern)} after line ${seen} of ${said}`);
      }
      await delay(10);
    }
  };
  const router = async (): Promise<number> => Number((await next(/^router: .*\(process (\d+)\)$/))[1]);
  let routerPid = await router();
  return {
    pid,
    folder: join(EXAMPLE, `.lab-${pid}`),
    next,
    killRouterAt: async (moment, order) => {
      // First, as an order may be carried out before its answer is here.
      await writeFile(`${dnsmasq}.hold-${moment}`, '');
      await order();
      await until(`${dnsmasq}.held`);
      process.kill(routerPid, 'SIGKILL');
      await rm(`${dnsmasq}.held`);
      routerPid = await router();
    },
    end: async (signal) => {
      const outcome = await lab.end(signal);
      await rm(path, { recursive: true, force: true });
      return outcome;
    },
  };
}

async function until(file: string): Promise<void> {
  while (!existsSync(file)) await delay(10);
}

/** A port that is free at the moment. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return String(address.port);
}
