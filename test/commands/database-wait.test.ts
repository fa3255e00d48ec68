import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { build, MAIN, type Outcome, start } from '../support/processes.js';
import { startTcpProxy } from '../support/tcp-proxy.js';

const WAITING = '"msg":"waiting for the database server"';

describe('a start waits for a database server that may be coming up', () => {
  let folder: string;
  let database: TestDatabase;
  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    database = await createTestDatabase();
  });
  afterAll(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const main = (url: URL, env: Record<string, string> = {}) =>
    start([MAIN], { PORT: '0', DATA_DIR: join(folder, 'data'), DATABASE_URL: url.href, ...env });
  const databaseUrl = (change: Partial<URL>): URL => Object.assign(new URL(database.url), change);
  /** How often the log says that it waits. */
  const waits = (stdout: string): number => stdout.split(WAITING).length - 1;

  it('until it is there', async () => {
    const proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    await proxy.close();
    const server = main(databaseUrl({ port: String(proxy.port) }));
    try {
      await expect.poll(() => waits(server.output.stdout)).toBe(1);
      expect(server.output.stdout).toContain('"code":"ECONNREFUSED"');
      expect(server.output.stdout).not.toContain('"ready"');
      await proxy.open();
      await expect.poll(() => server.output.stdout).toContain('"ready"');
      expect(waits(server.output.stdout)).toBe(1);
    } finally {
      expect((await server.end('SIGTERM')).code).toBe(0);
      await proxy.close();
    }
  });

  function expectRefused({ code, stdout, stderr }: Outcome, reason: string): void {
    expect(stderr).toContain(reason);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).not.toContain('"ready"');
    expect(code).toBe(1);
  }

  it('as long as DATABASE_WAIT_MS says, and then says why it gives up', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const address = closed.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    closed.close();
    const outcome = await main(databaseUrl({ port }), { DATABASE_WAIT_MS: '500' }).ended;
    expectRefused(outcome, 'DATABASE_URL: the database server does not answer (ECONNREFUSED)');
    expect(waits(outcome.stdout)).toBe(1);
  });

  it.each<[string, Partial<URL>, string]>([
    ['a database that is not there', { pathname: '/no_such_database' }, 'there is no such database'],
    ['a user that is not there', { username: 'nobody', password: 'Zq7canaryW9' }, 'refuses this user'],
  ])('but not for %s', async (_, change, reason) => {
    const outcome = await main(databaseUrl(change)).ended;
    expectRefused(outcome, reason);
    expect(waits(outcome.stdout)).toBe(0);
    expect(outcome.stdout + outcome.stderr).not.toContain('Zq7canaryW9');
  });
});
