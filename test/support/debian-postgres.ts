import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Debian's package postgresql-15. */
export const POSTGRES_BIN = '/usr/lib/postgresql/15/bin';

/** Whether Debian's PostgreSQL is installed, with the tools for dumps that the embedded one lacks. */
export const hasDebianPostgres = existsSync(join(POSTGRES_BIN, 'pg_dump'));

/** A cluster of its own of Debian's PostgreSQL. */
export interface DebianPostgres {
  /** Of its maintenance database. */
  readonly url: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** The id of an account. @param kind u for the user, g for its group */
function idOf(account: string, kind: 'u' | 'g'): number {
  return Number(execFileSync('id', [`-${kind}`, account], { encoding: 'utf8' }));
}

/** Makes and starts a cluster: as root under the account that Debian makes for it, else under one's own. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'device-gateway-debian-'));
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? { uid: idOf('postgres', 'u'), gid: idOf('postgres', 'g') } : {};
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = { ...account, cwd: folder, stdio: 'ignore' } as const;
  execFileSync(
    join(POSTGRES_BIN, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'],
    options,
  );
  const port = await freePort();
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: folder, fsync: 'off' };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(POSTGRES_BIN, 'postgres'), ['-D', data, ...args], options);
  const ended = once(server, 'exit');
  await accepts(port);
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    port,
    stop: async () => {
      // Lets connections that are on their way out end by themselves; whoever stays is ended.
      server.kill('SIGTERM');
      const patience = setTimeout(() => server.kill('SIGINT'), 5_000);
      await ended;
      clearTimeout(patience);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the server lets somebody in. */
async function accepts(port: number): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    try {
      execFileSync(join(POSTGRES_BIN, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]);
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error("Debian's PostgreSQL does not start.");
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  return address.port;
}
