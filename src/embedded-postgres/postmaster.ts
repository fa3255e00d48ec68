import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { StartupError } from '../errors/startup-error.js';
import type { Binaries } from './binaries.js';
import { readIfPresent } from '../data-dir/files.js';
import { endProcess, identityOf, isRunning, type ProcessIdentity } from './process-identity.js';
import { launch, type Launcher, ourselves, run } from './run-as.js';

/** A PostgreSQL server that accepts connections. */
export interface Postmaster {
  readonly port: number;
  /** Ends all connections and stops the server. */
  stop(): Promise<void>;
}

/** Everything that is needed to start the server of a cluster. */
export interface PostmasterOptions {
  readonly binaries: Binaries;
  readonly launcher: Launcher;
  readonly clusterDir: string;
  readonly onLog: (line: string) => void;
}

/** SIGINT is the "fast" shutdown; SIGQUIT leaves the rest to the recovery at the next start. */
const shutdownSteps = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
] as const;

const transientErrors = [
  'Address already in use',
  'lock file "postmaster.pid" already exists',
  'pre-existing shared memory block',
];

async function stopServer(identity: ProcessIdentity, clusterDir: string): Promise<void> {
  if (await endProcess(identity, shutdownSteps)) return;
  throw new StartupError(
    `The PostgreSQL process ${String(identity.pid)} of "${clusterDir}" does not end. End it by hand.`,
  );
}

/** The process is the server of this cluster, which the arguments show that {@link serverArguments} gives it. */
async function isServerOf(pid: number, clusterDir: string): Promise<boolean> {
  const commandLine =
    process.platform === 'linux'
      ? (await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
      : (await run(ourselves, 'ps', ['-ww', '-o', 'command=', '-p', String(pid)])).output;
  return commandLine.includes(`/postgres -D ${clusterDir} -c `);
}

/**
 * A gateway that was killed leaves its server running, or, when the machine went down, a file that says so.
 * PostgreSQL does not start beside that file if any process of its account has the number in it, so the file
 * goes once that process is known to be none of this cluster. Shared memory, which PostgreSQL looks at as
 * well, still keeps it from starting beside processes of a server that was killed.
 */
async function clearFormerServer(clusterDir: string): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const text = await readIfPresent(pidFile);
  if (text === undefined) return;
  const pid = Number.parseInt(text, 10);
  if (pid > 0) {
    const identity = await identityOf(pid);
    const runs = (await isServerOf(pid, clusterDir)) && (await isRunning(identity));
    if (runs) await stopServer(identity, clusterDir);
  }
  await rm(pidFile, { force: true });
}

async function freeLoopbackPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('The socket has no port.');
  return address.port;
}

function serverArguments(clusterDir: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '100',
    shared_buffers: '128MB',
    timezone: 'UTC',
    lc_messages: 'C',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_line_prefix: '',
    // Whoever sent a failed statement gets its error; here its line would repeat values.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
  };
  return [
    '-D',
    clusterDir,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

/** The lines of the server go to `onLine`; fulfilled when one of them says that it accepts connections. */
function readiness(child: ChildProcess, onLine: (line: string) => void): Promise<true> {
  child.stdout?.resume();
  return new Promise((resolve) => {
    if (child.stderr === null) return;
    createInterface({ input: child.stderr }).on('line', (line) => {
      onLine(line);
      if (line.includes('database system is ready to accept connections')) resolve(true);
    });
  });
}

/** Starts the server once. Returns it when it is ready, or its last lines when it has ended before. */
async function attempt(options: PostmasterOptions, port: number): Promise<Postmaster | readonly string[]> {
  const { binaries, launcher, clusterDir, onLog } = options;
  // In a session of its own, Ctrl-C in the terminal reaches the gateway only, which stops the server last.
  const child = launch(launcher, binaries.postgres, serverArguments(clusterDir, port), { detached: true });
  const lastLines: string[] = [];
  let expected = true;
  const ended = new Promise<false>((resolve) => {
    child.once('error', (error) => {
      lastLines.push(error.message);
      resolve(false);
    });
    child.once('close', (code, signal) => {
      if (!expected) onLog(`PostgreSQL has ended unexpectedly (${String(signal ?? code)}).`);
      resolve(false);
    });
  });
  const started = readiness(child, (line) => {
    onLog(line);
    lastLines.push(line);
    lastLines.splice(0, lastLines.length - 15);
  });
  const isReady = await Promise.race([started, ended]);
  if (!isReady || child.pid === undefined) return lastLines;
  expected = false;
  const identity = await identityOf(child.pid);
  return {
    port,
    stop: async () => {
      expected = true;
      if (child.exitCode === null && child.signalCode === null) await stopServer(identity, clusterDir);
      await ended;
    },
  };
}

/**
 * Starts the server of a cluster on a free port of the loopback interface, after it has stopped the one that a
 * killed gateway may have left. The caller holds DATA_DIR, so no live gateway uses that one.
 * Throws {@link StartupError} with the last lines of the server when it ends instead of starting.
 */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  for (let attempts = 1; ; attempts++) {
    await clearFormerServer(options.clusterDir);
    const outcome = await attempt(options, await freeLoopbackPort());
    if ('port' in outcome) return outcome;
    const output = outcome.join('\n');
    if (attempts === 10 || !transientErrors.some((error) => output.includes(error))) {
      throw new StartupError(
        `PostgreSQL in "${options.clusterDir}" ended while it started. Mend what it names below, or set ` +
          `DATA_DIR to another folder.\n${output}`,
      );
    }
    await delay(100 * attempts);
  }
}
