// Processes of the benchmark: each in a group of its own, and none outlives it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 30_000;
const running = new Set();

// Only when the orderly way was cut short is anything left by now.
process.on('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
});

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Starts `node ARGS` in the folder of the project, with nothing in its environment but what is given. */
function startNode(args, env, stdio, node = process.execPath) {
  const { PATH, HOME } = process.env;
  const child = spawn(node, args, {
    cwd: ROOT,
    env: { PATH, HOME, ...env },
    stdio,
    detached: true,
  });
  running.add(child.pid);
  child.once('close', () => running.delete(child.pid));
  return child;
}

/** Asks a process to end, and ends it if it does not. */
export async function stopProcess(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  signalGroup(child.pid, 'SIGCONT');
  signalGroup(child.pid, 'SIGTERM');
  const isClosed = await Promise.race([
    closed.then(() => true),
    delay(STOP_PATIENCE_MS, false, { ref: false }),
  ]);
  if (isClosed) return;
  signalGroup(child.pid, 'SIGKILL');
  await closed;
}

/** Runs `node ARGS` to its end. @throws Error when it fails */
export async function runNode(args, env) {
  const child = startNode(args, env, ['ignore', 'ignore', 'inherit']);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`"node ${args.join(' ')}" ended with ${code}.`);
}

/** Starts a module that talks over IPC. */
export function startHelper(file) {
  return startNode([file], {}, ['ignore', 'inherit', 'inherit', 'ipc']);
}

/**
 * Starts a server that prints the line `{"msg":"ready","url":…}`.
 * @param node another Node than this one
 * @returns its pid, url, the milliseconds that the start took, and `stop`
 */
export async function startServer(args, env, node) {
  const startedAt = performance.now();
  const child = startNode(args, env, ['ignore', 'pipe', 'pipe'], node);
  const lastLines = [];
  const url = new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.splice(0, Math.max(0, lastLines.length - 14));
        lastLines.push(line);
        if (line.includes('"msg":"ready"')) resolve(JSON.parse(line).url);
      });
    }
    child.once('close', (code) =>
      reject(new Error(`${args.at(-1)} ended with ${code}:\n${lastLines.join('\n')}`)),
    );
    setTimeout(() => reject(new Error(`${args.at(-1)} is not ready in time.`)), START_PATIENCE_MS).unref();
  });
  try {
    const ready = await url;
    const startMs = performance.now() - startedAt;
    return { pid: child.pid, url: ready, startMs, lastLines, stop: async () => await stopProcess(child) };
  } catch (error) {
    await stopProcess(child);
    throw error;
  }
}
