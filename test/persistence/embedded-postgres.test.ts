import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StartupError } from '../../src/errors/startup-error.js';
import {
  runningEmbeddedUrl,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/embedded-postgres/embedded-postgres.js';
import { takeDataDir } from '../../src/embedded-postgres/data-dir-lock.js';
import { identityOf, isRunning } from '../../src/embedded-postgres/process-identity.js';
import { build } from '../support/processes.js';

const projectFolder = resolve(import.meta.dirname, '..', '..');
const isRoot = process.geteuid?.() === 0;

let workFolder: string;
let dataDir: string;
let servers: EmbeddedPostgres[] = [];
let children: ChildProcess[] = [];

async function start(folder = dataDir): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir: folder });
  servers.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function startupErrorOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartupError);
  return error instanceof Error ? error.message : '';
}

/** The number of the server process, as the cluster's own file says. */
async function serverPid(folder = dataDir): Promise<number> {
  return Number.parseInt(await readFile(join(folder, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

async function writeRunRecord(record: object | string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  await writeFile(join(dataDir, 'gateway.json'), text);
}

function idleProcess(account: { uid?: number; gid?: number } = {}): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['600'], { cwd: '/', stdio: 'ignore', ...account });
  children.push(child);
  const { pid } = child;
  if (pid === undefined) throw new Error('sleep did not start');
  return Object.assign(child, { pid });
}

// A gateway in a process of its own: the module under test, as it is built, and the least that serves it.
const gatewayScript = `
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { startEmbeddedPostgres } from '${pathToFileURL(join(projectFolder, 'dist/embedded-postgres/embedded-postgres.js')).href}';
try {
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2] });
  process.once('SIGINT', async () => {
    await delay(300);
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.end();
    await server.stop();
    console.log('drained');
    process.exit(0);
  });
  console.log('ready ' + server.url);
} catch (error) {
  console.log('failed ' + error.name + ' ' + error.message);
  process.exit(1);
}
`;

let gatewayFolder: string;
let madeDataDir: string;

beforeAll(async () => {
  await build();
  gatewayFolder = await mkdtemp(join(tmpdir(), 'embedded gateway-'));
  await writeFile(join(gatewayFolder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(gatewayFolder, 'gateway.js'), gatewayScript);
  await symlink(join(projectFolder, 'node_modules'), join(gatewayFolder, 'node_modules'));
  madeDataDir = join(gatewayFolder, 'made data');
  await (await startEmbeddedPostgres({ dataDir: madeDataDir })).stop();
});

/** Most cases start from a DATA_DIR that has been in use: a copy takes a fraction of the time of a first start. */
async function useMadeDataDir(folder = dataDir): Promise<void> {
  const copy = spawn('cp', ['-a', madeDataDir, folder], { stdio: 'inherit' });
  expect(await once(copy, 'exit')).toEqual([0, null]);
}

afterAll(async () => {
  await rm(gatewayFolder, { recursive: true });
});

interface Gateway {
  readonly child: ChildProcess;
  /** The first line that it prints: `ready <url>` or `failed <error>`. */
  readonly firstLine: Promise<string>;
  output(): string;
}

function startGateway(folder = dataDir, env: Record<string, string> = {}): Gateway {
  const script = join(gatewayFolder, 'gateway.js');
  // Detached, as a shell does it: the gateway leads a process group that Ctrl-C goes to.
  const child = spawn(process.execPath, [script, folder], { env, detached: true });
  children.push(child);
  let output = '';
  const firstLine = new Promise<string>((resolveLine) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const line = /^(.*)\n/.exec(output)?.[1];
      if (line !== undefined) resolveLine(line);
    });
    child.stderr.on('data', (chunk: Buffer) => void (output += chunk.toString()));
    child.once('close', () => {
      resolveLine(output);
    });
  });
  return { child, firstLine, output: () => output };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

beforeEach(async () => {
  workFolder = await mkdtemp(join(tmpdir(), 'embedded postgres-'));
  dataDir = join(workFolder, 'data dir');
});

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all(children.map(kill));
  servers = [];
  children = [];
  await rm(workFolder, { recursive: true });
});

describe('a database of its own', () => {
  test('serves the project database and keeps the data over a restart', async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('Öl')");
    await first.stop();
    await first.stop();
    const second = await start();
    expect(
      await query(second.url, 'SELECT current_database() AS name, lower(word) AS word FROM kept'),
    ).toEqual([{ name: 'device_gateway', word: 'öl' }]);
  });

  test('listens on the loopback interface only and asks for the password', async () => {
    await useMadeDataDir();
    const { url } = await start();
    expect(new URL(url).hostname).toBe('127.0.0.1');
    const settings = `SELECT current_setting('listen_addresses') AS tcp,
      current_setting('unix_socket_directories') AS unix, current_setting('data_checksums') AS checksums,
      current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync`;
    expect(await query(url, settings)).toEqual([
      { tcp: '127.0.0.1', unix: '', checksums: 'on', encoding: 'UTF8', fsync: 'on' },
    ]);
    const rules = 'SELECT DISTINCT auth_method FROM pg_hba_file_rules';
    expect(await query(url, rules)).toEqual([{ auth_method: 'scram-sha-256' }]);
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  test('keeps its secrets from other accounts', async () => {
    await useMadeDataDir();
    await start();
    const names = (await readdir(dataDir)).toSorted();
    expect(names).toEqual(['gateway.json', 'postgres', 'postgres-password']);
    const modes = await Promise.all(
      names.map(async (name) => (await stat(join(dataDir, name))).mode & 0o777),
    );
    expect(modes).toEqual([0o600, 0o700, 0o600]);
    expect((await stat(dataDir)).mode & 0o777).toBe(isRoot ? 0o711 : 0o700);
  });

  test.runIf(process.platform === 'linux')('does not hand our environment on', async () => {
    await useMadeDataDir();
    const gateway = startGateway(dataDir, { CANARY: 'secret', PGOPTIONS: '-c work_mem=1MB' });
    expect(await gateway.firstLine).toMatch(/^ready /);
    const environment = await readFile(`/proc/${String(await serverPid())}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toMatch(/CANARY|PGOPTIONS/);
    await kill(gateway.child);
    await start();
  });

  test('two gateways start side by side', async () => {
    const other = join(workFolder, 'other data');
    await Promise.all([useMadeDataDir(), useMadeDataDir(other)]);
    const [one, two] = await Promise.all([start(), start(other)]);
    expect(one.url).not.toBe(two.url);
    for (const { url } of [one, two]) expect(await query(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });
});

describe('one DATA_DIR, one gateway', () => {
  beforeEach(async () => await useMadeDataDir());

  test('is refused while another process holds DATA_DIR', async () => {
    const holder = startGateway();
    expect(await holder.firstLine).toMatch(/^ready /);
    const message = await startupErrorOf(start());
    expect(message).toContain(dataDir);
    expect(message).toContain(String(holder.child.pid));
    expect(message).toMatch(/PORT.*DATA_DIR/);
    await kill(holder.child);
    await start();
  });

  test('is refused within the same process too', async () => {
    const { url } = await start();
    expect(await startupErrorOf(start())).toContain(String(process.pid));
    expect(await query(url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
  });

  test.each([false, true])('exactly one of several wins (stale record: %s)', async (stale) => {
    if (stale) await writeRunRecord({ pid: 4_000_000, started: null, databasePort: 1 });
    const gateways = Array.from({ length: 4 }, () => startGateway());
    const lines = await Promise.all(gateways.map(({ firstLine }) => firstLine));
    expect(lines.filter((line) => line.startsWith('ready '))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('failed StartupError DATA_DIR'))).toHaveLength(3);
    await Promise.all(gateways.map(({ child }) => kill(child)));
    await start();
  });

  test('a stale record is replaced by one contender only', async () => {
    for (let round = 0; round < 10; round++) {
      await writeRunRecord({ pid: 4_000_000, started: null, databasePort: 1 });
      const attempts = await Promise.allSettled(
        Array.from({ length: 40 }, async (_, index) => {
          await delay(index % 20);
          return await takeDataDir(dataDir);
        }),
      );
      const locks = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
      expect(locks).toHaveLength(1);
      await locks[0]?.release();
      expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres-password']);
    }
  });

  test('the url of a live gateway is found, and only of a live one', async () => {
    expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
    const gateway = startGateway();
    const line = await gateway.firstLine;
    expect(`ready ${String(await runningEmbeddedUrl(dataDir))}`).toBe(line);
    await kill(gateway.child);
    expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
    await (await start()).stop();
    expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
  });
});

describe('what a crash leaves behind', () => {
  beforeEach(async () => await useMadeDataDir());

  test('the server of a killed gateway is stopped and its data is served', async () => {
    const gateway = startGateway();
    const url = (await gateway.firstLine).replace('ready ', '');
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const orphan = await identityOf(await serverPid());
    await kill(gateway.child);
    expect(await isRunning(orphan)).toBe(true);
    const server = await start();
    expect(await isRunning(orphan)).toBe(false);
    expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  test('a gateway killed while it makes the cluster does not block the next', async () => {
    await rm(dataDir, { recursive: true });
    const gateway = startGateway();
    const isBusy = async (): Promise<boolean> =>
      (await readdir(dataDir).catch(() => [])).some((name) => name.startsWith('postgres.new-'));
    while (!(await isBusy())) await delay(5);
    await delay(100);
    await kill(gateway.child);
    const server = await start();
    expect(await query(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await server.stop();
    await start();
    expect(await isBusy()).toBe(false);
  });

  test.each([
    ['a process that has ended', () => ({ pid: 4_000_000, started: null, databasePort: 1 })],
    [
      'a process whose number another has now',
      () => ({ pid: idleProcess().pid, started: 'x/1', databasePort: 1 }),
    ],
    ['nothing', () => ''],
    ['half a record', () => '{"pid":'],
  ])('a record of %s does not count', async (_, record) => {
    await writeRunRecord(record());
    expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
    await start();
  });

  test('a server file with the number of an unrelated process does not block, nor is that process ended', async () => {
    const { uid, gid } = await stat(join(dataDir, 'postgres'));
    const bystander = idleProcess(isRoot ? { uid, gid } : {});
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(file, `${String(bystander.pid)}\n${join(dataDir, 'postgres')}\n1\n5432\n\n127.0.0.1\n`);
    await start();
    expect(await isRunning(await identityOf(bystander.pid))).toBe(true);
  });

  test('Ctrl-C reaches the gateway only, which stops the server when it is done', async () => {
    const gateway = startGateway();
    await gateway.firstLine;
    const server = await identityOf(await serverPid());
    const ended = once(gateway.child, 'close');
    process.kill(-Number(gateway.child.pid), 'SIGINT');
    await ended;
    expect(gateway.output()).toMatch(/drained\n$/);
    expect(await isRunning(server)).toBe(false);
  });
});

describe('errors that the user can mend', () => {
  beforeEach(async () => await useMadeDataDir());

  test('DATA_DIR cannot be created', async () => {
    const file = join(workFolder, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'below')]) {
      const message = await startupErrorOf(start(folder));
      expect(message).toContain(`"${folder}"`);
      expect(message).toContain('A part of that path is a file');
    }
  });

  test.skipIf(isRoot)('DATA_DIR cannot be written', async () => {
    const folder = join(workFolder, 'read-only');
    await mkdir(folder, { mode: 0o500 });
    expect(await startupErrorOf(start(folder))).toContain(`"${folder}" cannot be used (EACCES`);
  });

  test('a cluster of another PostgreSQL', async () => {
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    expect(await startupErrorOf(start())).toContain('holds a database of PostgreSQL 17');
  });

  test('a server that ends while it starts, and DATA_DIR is free again after', async () => {
    const settings = join(dataDir, 'postgres', 'postgresql.conf');
    const text = await readFile(settings, 'utf8');
    await appendFile(settings, 'nonsense = 1\n');
    expect(await startupErrorOf(start())).toContain('unrecognized configuration parameter "nonsense"');
    expect(await runningEmbeddedUrl(dataDir)).toBeUndefined();
    await writeFile(settings, text);
    await start();
  });

  test('a password that does not fit, or none', async () => {
    const file = join(dataDir, 'postgres-password');
    await writeFile(file, 'other\n');
    expect(await startupErrorOf(start())).toContain('password authentication failed');
    await rm(file);
    expect(await startupErrorOf(start())).toContain(file);
    await expect(serverPid()).rejects.toThrow('ENOENT');
  });

  test('a folder in place of the cluster that holds something else', async () => {
    await rm(join(dataDir, 'postgres'), { recursive: true });
    await mkdir(join(dataDir, 'postgres'));
    await writeFile(join(dataDir, 'postgres', 'notes.txt'), '');
    expect(await startupErrorOf(start())).toContain(join(dataDir, 'postgres'));
    expect(await readdir(join(dataDir, 'postgres'))).toEqual(['notes.txt']);
  });
});
