import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../src/access/viewer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import {
  build,
  isAlive,
  MAIN,
  type Outcome,
  postgresPid,
  runCommand,
  type ServerProcess,
  start,
  startServer,
} from '../support/processes.js';

const DEVICE = '12345678901234567890abcd';
/** Another one of the demo fleet. */
const OTHER = '650000000000000000000002';
const BAGERIET = '12345678901234567890cccc';

/** What `npm start` runs. */
const DIST = 'dist/main.js';

let folder: string;
beforeAll(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function ask(url: string, token: string, query: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return await response.json();
}

function bannerTokens(stdout: string): ReadonlyMap<string, string> {
  return new Map(
    [...stdout.matchAll(/^\s*([A-Z_]+)\s+([\w-]+\.[\w-]+\.[\w-]+)\s*$/gm)].map(
      ([, level = '', token = '']) => [level, token],
    ),
  );
}

function expectRefused({ code, stdout, stderr }: Outcome, problem: string | RegExp): void {
  expect(code).toBe(1);
  expect(stderr).toMatch(problem);
  expect(stdout + stderr).not.toMatch(/^\s+at /m);
  expect(stdout).not.toContain('"ready"');
}

describe('what an operator can mend ends the start with exit code 1 and one message that names it', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });
  const main = async (env: Record<string, string>): Promise<Outcome> =>
    await start([MAIN], { PORT: '0', DATA_DIR: join(folder, 'refused'), ...env }).ended;

  it('settings, all at once', async () => {
    const outcome = await main({ PORT: 'x', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://u:Zq7canaryW9@h/d' });
    expectRefused(outcome, 'PORT');
    expect(outcome.stderr).toContain('LOG_LEVEL');
    expect(outcome.stderr).toContain('DATABASE_URL');
    expect(outcome.stderr).not.toContain('Zq7canaryW9');
  });

  it('production without what it needs', async () => {
    const outcome = await main({ NODE_ENV: 'production' });
    for (const name of ['AUTH_JWKS_URL', 'DATABASE_URL', 'WIFI_SECRET_KEYS', 'PROVISIONING_URL']) {
      expectRefused(outcome, name);
    }
  });

  it('a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    try {
      expectRefused(await main({ PORT: port, DATABASE_URL: database.url }), `PORT ${port}`);
    } finally {
      other.close();
    }
  });

  it('a host that is not of this machine', async () => {
    expectRefused(await main({ HOST: '192.0.2.1', DATABASE_URL: database.url }), 'HOST');
  });

  it('a database that is away, without its password', async () => {
    const outcome = await main({
      DATABASE_URL: 'postgresql://user:Zq7canaryW9@127.0.0.1:1/gateway',
      DATABASE_WAIT_MS: '300',
    });
    expectRefused(outcome, 'DATABASE_URL');
    expect(outcome.stdout + outcome.stderr).not.toContain('Zq7canaryW9');
  });

  it('a DATA_DIR that cannot be written, with the embedded database and without', async () => {
    const file = join(folder, 'a file');
    await writeFile(file, '');
    expectRefused(await main({ DATA_DIR: join(file, 'data') }), 'DATA_DIR');
    expectRefused(await main({ DATA_DIR: '/proc/device-gateway' }), 'DATA_DIR');
    expectRefused(await main({ DATA_DIR: join(file, 'data'), DATABASE_URL: database.url }), 'DATA_DIR');
  });
});

describe('the server serves until a signal, and keeps what was written', () => {
  let dataDir: string;
  let server: ServerProcess | undefined;
  beforeAll(() => {
    dataDir = join(folder, 'data');
  });
  afterAll(async () => {
    if (server?.child.exitCode === null) await server.end('SIGTERM');
  });
  async function begin(main = MAIN): Promise<ServerProcess> {
    server = await startServer({ DATA_DIR: dataDir }, [], main);
    return server;
  }
  function running(): ServerProcess {
    if (server === undefined) throw new Error('The server is not running.');
    return server;
  }
  const rename = async (name: string): Promise<unknown> => {
    const token = bannerTokens(running().output.stdout).get('MANAGER') ?? '';
    const query = `mutation { updateNetworkDevice(id: "${DEVICE}", input: { name: "${name}" }) { name } }`;
    return await ask(running().url, token, query);
  };
  const nameNow = async (): Promise<unknown> => {
    const token = bannerTokens(running().output.stdout).get('ADMIN') ?? '';
    return await ask(running().url, token, `{ networkDevice(id: "${DEVICE}") { name } }`);
  };

  it('npm run import works before the first start, and leaves no database running', async () => {
    const file = join(folder, 'fleet.json');
    await writeFile(
      file,
      JSON.stringify({ customers: [{ id: 'c0ffee00c0ffee00c0ffee01', name: 'Before' }] }),
    );
    const outcome = await runCommand('import', [file], { DATA_DIR: dataDir });
    expect(outcome).toMatchObject({ code: 0 });
    await expect(postgresPid(dataDir)).rejects.toThrow();
  });

  it('says ready in one JSON line, after a banner with a working token per level', async () => {
    const { url, output } = await begin(DIST);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/);
    const ready = output.stdout.split('\n').filter((line) => line.includes('"ready"'));
    expect(ready).toHaveLength(1);
    expect(JSON.parse(ready[0] ?? '')).toMatchObject({ msg: 'ready', url });
    const tokens = bannerTokens(output.stdout);
    expect([...tokens.keys()]).toEqual([...ACCESS_LEVELS]);
    for (const level of ['VIEWER', 'MANAGER', 'OWNER', 'RESELLER', 'RESELLER_ADMIN', 'ADMIN']) {
      const answer = await ask(
        url,
        tokens.get(level) ?? '',
        `{ viewer { accessLevel } networkDevice(id: "${DEVICE}") { id } }`,
      );
      expect(answer).toEqual({ data: { viewer: { accessLevel: level }, networkDevice: { id: DEVICE } } });
    }
    for (const line of output.stdout.split('\n').filter((text) => text.startsWith('{'))) {
      for (const token of tokens.values()) expect(line).not.toContain(token);
    }
  });

  it('takes tokens of npm run token', async () => {
    const args = ['--level', 'OWNER', '--customer', BAGERIET, '--subject', 'employee-9'];
    const { stdout } = await runCommand('token', args, { DATA_DIR: dataDir });
    expect(await ask(running().url, stdout.trim(), '{ viewer { id } }')).toEqual({
      data: { viewer: { id: 'employee-9' } },
    });
  });

  it('a second server on the same DATA_DIR is refused by name; the first one serves on', async () => {
    const outcome = await start([MAIN], { PORT: '0', DATA_DIR: dataDir }).ended;
    expectRefused(outcome, 'DATA_DIR');
    expect(outcome.stderr).toContain(dataDir);
    expect(await nameNow()).toMatchObject({ data: { networkDevice: { name: 'Johns router' } } });
  });

  it('npm run import works beside it', async () => {
    const customer = 'c0ffee00c0ffee00c0ffee00';
    const file = join(folder, 'fleet.json');
    await writeFile(file, JSON.stringify({ customers: [{ id: customer, name: 'Beside' }] }));
    const outcome = await runCommand('import', [file], { DATA_DIR: dataDir });
    expect(outcome).toMatchObject({ code: 0 });
    const { stdout } = await runCommand('token', ['--level', 'OWNER', '--customer', customer], {
      DATA_DIR: dataDir,
    });
    expect(await ask(running().url, stdout.trim(), '{ viewer { customer { name } } }')).toEqual({
      data: { viewer: { customer: { name: 'Beside' } } },
    });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('%s: exit code 0, and no PostgreSQL is left', async (signal) => {
    const name = `Renamed before ${signal}`;
    expect(await rename(name)).toEqual({ data: { updateNetworkDevice: { name } } });
    const pid = await postgresPid(dataDir);
    expect(isAlive(pid)).toBe(true);
    const { code, stderr } = await running().end(signal);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(isAlive(pid)).toBe(false);
    await begin();
    expect(await nameNow()).toEqual({ data: { networkDevice: { name } } });
  });

  it('kill -9: it starts again and still holds what was written', async () => {
    await rename('Renamed before the end');
    const token = bannerTokens(running().output.stdout).get('ADMIN') ?? '';
    await ask(
      running().url,
      token,
      `mutation { deleteNetworkDevice(id: "${OTHER}", force: true) { state } }`,
    );
    await running().end('SIGKILL');
    await begin();
    // What was deleted of the demo fleet is not loaded again.
    const read = await ask(running().url, token, `{ networkDevice(id: "${OTHER}") { id } }`);
    expect(read).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] });
    expect(await nameNow()).toEqual({ data: { networkDevice: { name: 'Renamed before the end' } } });
    expect(await running().end('SIGTERM')).toMatchObject({ code: 0 });
  });

  it('a HOST that others reach: no tokens, and nothing but lines of JSON', async () => {
    server = await startServer({ DATA_DIR: dataDir, HOST: '0.0.0.0' });
    const { stdout } = await running().end('SIGTERM');
    expect(bannerTokens(stdout).size).toBe(0);
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^\{.*\}$/);
  });
});
