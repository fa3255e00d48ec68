import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const PROJECT = resolve(import.meta.dirname, '..', '..');
const readyLine = z.object({ msg: z.literal('ready'), url: z.string() });

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the compiled project. */
export interface Process {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Waits for its end. */
  readonly ended: Promise<Outcome>;
  /** Sends a signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<Outcome>;
}

/** The server, compiled and joined with its packages (scripts/join-modules.mjs): a process of it starts in a third of the CPU time. */
export const MAIN = commandPath('../main');

/** A command of the project, likewise. */
export function commandPath(name: string): string {
  return join('dist', 'joined', 'commands', `${name}.js`);
}

/** Builds dist/ and dist/joined/ unless they are up to date. */
export async function build(): Promise<void> {
  const { code, stderr } = await start(['scripts/prepare.mjs', 'tests'], process.env).ended;
  if (code !== 0) throw new Error(`The build failed: ${stderr}`);
}

/** Starts `node ARGS` with nothing in its environment but what is needed and given. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv): Process {
  return startProgram(process.execPath, args, env);
}

/** The same for any program. */
export function startProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Process {
  const child = spawn(program, [...args], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const ended = once(child, 'close').then((): Outcome => ({ code: child.exitCode, ...output }));
  return {
    child,
    output,
    ended,
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** Runs a compiled command to its end. */
export async function runCommand(
  name: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return await start([commandPath(name), ...args], env).ended;
}

/** A server that says that it is ready. */
export interface ServerProcess extends Process {
  readonly url: string;
}

/**
 * Starts the compiled server and waits until it is ready.
 * @param main its entry point, which may be another build's
 */
export async function startServer(
  env: Readonly<Record<string, string>>,
  nodeArgs: readonly string[] = [],
  main = MAIN,
): Promise<ServerProcess> {
  return await untilReady(start([...nodeArgs, main], { PORT: '0', ...env }));
}

/** Waits until a server that was started says that it is ready. */
export async function untilReady(server: Process): Promise<ServerProcess> {
  const url = await until(() => {
    if (server.child.exitCode !== null) throw new Error(`The server ended: ${server.output.stderr}`);
    return readyUrl(server.output.stdout);
  });
  return { ...server, url };
}

/** The URL of the line that says the server is ready, if there is one. */
function readyUrl(stdout: string): string | undefined {
  for (const line of stdout.split('\n')) {
    if (!line.startsWith('{') || !line.endsWith('}')) continue;
    const parsed = readyLine.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data.url;
  }
  return undefined;
}

/** Asks again and again until there is an answer. */
async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error('What was waited for did not happen.');
    await delay(20);
  }
}

/** The process number of the PostgreSQL server in a DATA_DIR. */
export async function postgresPid(dataDir: string): Promise<number> {
  const pid = Number.parseInt(await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10);
  if (!(pid > 1)) throw new Error('The file of the PostgreSQL server names no process.');
  return pid;
}

/** Whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
