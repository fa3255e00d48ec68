import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionSettings, REQUEST_TIMEOUTS } from '../../src/persistence/database/session.js';
import {
  freePort,
  hasDebianPostgres,
  startDebianPostgres,
  type DebianPostgres,
} from '../support/debian-postgres.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { runIn } from '../support/database.js';
import { startGatewayOn, type TestGateway } from '../support/gateway.js';

const PROGRAM = '/usr/sbin/pgbouncer';
const WRITERS = 32;
const TURNS = 10;

const UPDATE = `mutation ($id: ID!, $notes: String) { updateNetworkDevice(id: $id, input: { notes: $notes }) { version } }`;

describe.skipIf(!existsSync(PROGRAM) || !hasDebianPostgres)('PgBouncer as docs/operations has it', () => {
  let folder: string;
  let postgres: DebianPostgres;
  let pooler: ChildProcess;
  let gateway: TestGateway;
  let pooled: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'device-gateway-pgbouncer-'));
    await chmod(folder, 0o777);
    postgres = await startDebianPostgres();
    await runIn(postgres.url, 'CREATE DATABASE device_gateway');
    const stated = [...sessionSettings(REQUEST_TIMEOUTS, [])];
    await runIn(
      postgres.url,
      stated.map(([name, value]) => `ALTER ROLE postgres SET "${name}" = '${value}'`).join(';'),
    );
    const port = await freePort();
    const values = new Map([
      ['DATABASE_HOST', '127.0.0.1'],
      ['DATABASE_PORT', String(postgres.port)],
      ['LISTEN_HOST', '127.0.0.1'],
      ['LISTEN_PORT', String(port)],
      ['AUTH_TYPE', 'trust'],
      ['RUN_DIR', folder],
    ]);
    const text = await readFile('docs/operations/pgbouncer.ini', 'utf8');
    const filled = text.replaceAll(/\$\{(\w+)\}/g, (place, key: string) => values.get(key) ?? place);
    await writeFile(join(folder, 'pgbouncer.ini'), filled);
    await writeFile(join(folder, 'users.txt'), '"postgres" ""\n');
    // It does not run as root.
    const account = process.getuid?.() === 0 ? ['--user', 'nobody'] : [];
    pooler = spawn(PROGRAM, [...account, join(folder, 'pgbouncer.ini')], { stdio: 'ignore' });
    pooled = `postgresql://postgres@127.0.0.1:${port}/device_gateway`;
    const drop = async (): Promise<void> => await Promise.resolve();
    gateway = await startGatewayOn({ url: pooled, drop }, { DATABASE_WAIT_MS: '20000', RATE_LIMIT: '0' });
  });
  afterAll(async () => {
    await gateway.stop();
    const ended = once(pooler, 'exit');
    pooler.kill('SIGINT');
    await ended;
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it(`session mode: ${WRITERS} writers at once lose nothing and are refused nothing`, async () => {
    const customer = await createCustomer(gateway);
    const token = await gateway.token('MANAGER', customer);
    const { id } = await createDevice(gateway, { customer });
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        const variables = { id, notes: `${writer}/${turn}` };
        expect((await gateway.query(UPDATE, { token, variables })).errors).toEqual([]);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => await write(writer)));
    const { rows } = await gateway.sql.query('SELECT version FROM network_device WHERE id = $1', [id]);
    expect(rows).toEqual([{ version: 1 + WRITERS * TURNS }]);
  });

  it('transaction mode is refused at the start, by name', async () => {
    const file = join(folder, 'pgbouncer.ini');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('pool_mode = session', 'pool_mode = transaction'));
    pooler.kill('SIGHUP');
    await expect
      .poll(async () => await gateway.startTwin().then(async (twin) => await twin.stop(), String))
      .toMatch(/a pooler/);
  });
});
