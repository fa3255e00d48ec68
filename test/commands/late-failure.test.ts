import { ApolloServer } from '@apollo/server';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../src/app/app.js';
import { readSettings, type Settings } from '../../src/config/settings.js';
import { startWorkerApp } from '../../src/app/worker-app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const OPEN = `SELECT FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'device-gateway%'`;

describe('a start that fails late leaves nothing open', () => {
  let folder: string;
  let database: TestDatabase;
  let sql: pg.Client;
  let port: number;
  const apolloStops = vi.spyOn(ApolloServer.prototype, 'stop');
  const log = pino({ level: 'silent' });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    database = await createTestDatabase();
    sql = new pg.Client({ connectionString: database.url });
    await sql.connect();
  });
  beforeEach(async () => {
    apolloStops.mockClear();
    // A port that was free a moment ago.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close();
    await once(server, 'close');
  });
  afterAll(async () => {
    apolloStops.mockRestore();
    await sql.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  function settings(): Settings {
    return readSettings({
      PORT: String(port),
      WORKER_PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      DATABASE_URL: database.url,
    });
  }

  /** The same, but for what the worker is made of: its start is the last step. */
  function withoutWorker(): Settings {
    const fail = (): never => {
      throw new Error('The last step fails.');
    };
    return {
      ...settings(),
      provisioning: {
        ...settings().provisioning,
        get isWorker(): boolean {
          return fail();
        },
        get target(): Settings['provisioning']['target'] {
          return fail();
        },
      },
    };
  }

  async function expectNothingOpen(): Promise<void> {
    await expect.poll(async () => (await sql.query(OPEN)).rowCount).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow();
  }

  it('of a gateway whose port is taken', async () => {
    const holder = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await once(holder, 'listening');
    await expect(startApp(settings(), log)).rejects.toThrow(/PORT/);
    expect(apolloStops).toHaveBeenCalledTimes(1);
    holder.close();
    await once(holder, 'close');
    await expectNothingOpen();
  });

  it('of a gateway whose worker does not start: its port is free again', async () => {
    await expect(startApp(withoutWorker(), log)).rejects.toThrow('The last step fails.');
    expect(apolloStops).toHaveBeenCalledTimes(1);
    await expectNothingOpen();
  });

  it('of a worker process', async () => {
    await expect(startWorkerApp(withoutWorker(), log)).rejects.toThrow('The last step fails.');
    await expectNothingOpen();
  });
});
