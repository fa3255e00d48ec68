import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMigrations } from '../../src/persistence/setup/migrations.js';
import {
  freePort,
  hasDebianPostgres,
  startDebianPostgres,
  type DebianPostgres,
} from '../support/debian-postgres.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { runIn } from '../support/database.js';
import { queryAt, startGatewayOn, type TestGateway } from '../support/gateway.js';
import { size } from '../support/sizes.js';
import { EventReader } from '../live/event-reader.js';

const PROGRAM = '/usr/sbin/pgbouncer';
const WRITERS = 32;
const TURNS = size(10, 5);

const UPDATE = `mutation ($id: ID!, $notes: String, $key: String) {
  updateNetworkDevice(id: $id, input: { notes: $notes }, idempotencyKey: $key) { version } }`;
const SYNC = `mutation ($customers: [CustomerSyncInput!]!) { syncCustomers(customers: $customers) { id } }`;
const WATCH = 'subscription ($ids: [ID!]) { networkDeviceChanged(ids: $ids) { version } }';

const drop = async (): Promise<void> => await Promise.resolve();

interface Pooler {
  readonly url: (database: string) => string;
  readonly stop: () => Promise<void>;
}

/** Starts PgBouncer with the configuration of docs/operations. @param changed lines that stand in place of others */
async function startPooler(
  { port: databasePort }: DebianPostgres,
  changed: readonly (readonly [string, string])[] = [],
): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), 'device-gateway-pgbouncer-'));
  await chmod(folder, 0o777);
  const port = await freePort();
  const values = new Map([
    ['DATABASE_HOST', '127.0.0.1'],
    ['DATABASE_PORT', String(databasePort)],
    ['LISTEN_HOST', '127.0.0.1'],
    ['LISTEN_PORT', String(port)],
    ['AUTH_TYPE', 'trust'],
    ['RUN_DIR', folder],
  ]);
  let text = (await readFile('docs/operations/pgbouncer.ini', 'utf8')).replaceAll(
    /\$\{(\w+)\}/g,
    (place, key: string) => values.get(key) ?? place,
  );
  for (const [line, other] of changed) {
    expect(text).toContain(`\n${line}\n`);
    text = text.replace(`\n${line}\n`, `\n${other}\n`);
  }
  await writeFile(join(folder, 'pgbouncer.ini'), text);
  await writeFile(join(folder, 'users.txt'), '"postgres" ""\n');
  // It does not run as root.
  const account = process.getuid?.() === 0 ? ['--user', 'nobody'] : [];
  const pooler: ChildProcess = spawn(PROGRAM, [...account, join(folder, 'pgbouncer.ini')], {
    stdio: 'ignore',
  });
  return {
    url: (database) => `postgresql://postgres@127.0.0.1:${port}/${database}`,
    stop: async () => {
      const ended = once(pooler, 'exit');
      pooler.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!existsSync(PROGRAM) || !hasDebianPostgres)('PgBouncer as docs/operations has it', () => {
  let postgres: DebianPostgres;
  beforeAll(async () => {
    postgres = await startDebianPostgres();
    const [, statements = ''] =
      /```sql\n([^`]+)```/.exec(await readFile('docs/operations/poolers.md', 'utf8')) ?? [];
    await runIn(postgres.url, statements.replaceAll('ROLE device_gateway', 'ROLE postgres'));
  });
  afterAll(async () => {
    await postgres.stop();
  });

  /** Makes a database, empty or as a copy of another. @returns its URL past every pooler */
  async function createDatabase(name: string, template = 'template1'): Promise<string> {
    await runIn(postgres.url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
    return postgres.url.replace(/postgres$/, name);
  }

  /** In place of the one database of the configuration. */
  const allDatabases = (): readonly [string, string] => [
    `device_gateway = host=127.0.0.1 port=${postgres.port} dbname=device_gateway`,
    `* = host=127.0.0.1 port=${postgres.port}`,
  ];

  /** Writes, and once more in a moment when the gateway says that it has done nothing: a slow machine has too much to do with 32 writers. */
  async function writeAsClientsDo(
    url: string,
    token: string,
    variables: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { errors } = await queryAt(url, UPDATE, { token, variables });
    if (errors[0]?.extensions.code === 'OVERLOADED') {
      await delay(errors[0].extensions.retryAfterMs);
      await writeAsClientsDo(url, token, variables);
    } else expect(errors).toEqual([]);
  }

  /** 32 writers on one device, turn by turn at the gateways. */
  async function expectNoLostUpdate(gateway: TestGateway, urls: readonly string[]): Promise<void> {
    const customer = await createCustomer(gateway);
    const token = await gateway.token('MANAGER', customer);
    const { id } = await createDevice(gateway, { customer });
    const write = async (writer: number): Promise<void> => {
      for (let turn = 0; turn < TURNS; turn += 1) {
        const variables = {
          id,
          notes: `${writer}/${turn}`,
          // Those with a key come in transactions of several statements.
          key: turn % 2 === 0 ? `${id}/${writer}/${turn}` : null,
        };
        await writeAsClientsDo(urls[writer % urls.length] ?? '', token, variables);
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => await write(writer)));
    const { rows } = await gateway.sql.query('SELECT version FROM network_device WHERE id = $1', [id]);
    expect(rows).toEqual([{ version: 1 + WRITERS * TURNS }]);
  }

  describe('in session mode', () => {
    let pooler: Pooler;
    let gateway: TestGateway;
    beforeAll(async () => {
      pooler = await startPooler(postgres);
      await createDatabase('device_gateway');
      gateway = await startGatewayOn(
        { url: pooler.url('device_gateway'), drop },
        { DATABASE_WAIT_MS: '20000', RATE_LIMIT: '0' },
      );
    });
    afterAll(async () => {
      await gateway.stop();
      await pooler.stop();
    });

    it(`${WRITERS} writers at once lose nothing`, async () => {
      await expectNoLostUpdate(gateway, [gateway.url]);
    });
  });

  describe('in transaction mode', () => {
    let pooler: Pooler;
    let gateway: TestGateway;
    let twin: Awaited<ReturnType<TestGateway['startTwin']>>;
    beforeAll(async () => {
      pooler = await startPooler(postgres, [
        ['pool_mode = session', 'pool_mode = transaction'],
        // So few that each transaction comes to another session than the one before.
        ['default_pool_size = 60', 'default_pool_size = 4'],
        ['ignore_startup_parameters = options', ''],
        allDatabases(),
      ]);
      const direct = await createDatabase('pooled');
      gateway = await startGatewayOn(
        { url: direct, drop },
        {
          DATABASE_URL: pooler.url('pooled'),
          DATABASE_POOLER: 'transaction',
          DATABASE_DIRECT_URL: direct,
          DATABASE_WAIT_MS: '20000',
          RATE_LIMIT: '0',
        },
      );
      twin = await gateway.startTwin();
    });
    afterAll(async () => {
      await twin.stop();
      await gateway.stop();
      await pooler.stop();
    });

    it(`${WRITERS} writers at two gateways lose nothing`, async () => {
      await expectNoLostUpdate(gateway, [gateway.url, twin.url]);
    });

    it('changes of another gateway reach subscribers, past the pooler', async () => {
      const customer = await createCustomer(gateway);
      const token = await gateway.token('MANAGER', customer);
      const { id } = await createDevice(gateway, { customer });
      const events = await EventReader.watch(gateway, { token, query: WATCH, variables: { ids: [id] } });
      await queryAt(twin.url, UPDATE, { token, variables: { id, notes: 'changed elsewhere' } });
      expect(await events.receives(1)).toEqual([{ version: 2 }]);
      events.close();
    });

    it('longer timeouts of a customer sync stay in its transaction', async () => {
      const token = await gateway.token('ADMIN', '0'.repeat(24));
      const variables = { customers: [{ id: 'a'.repeat(24), name: 'Synced' }] };
      const syncs = Array.from(
        { length: 8 },
        async () => (await gateway.query(SYNC, { token, variables })).errors,
      );
      expect((await Promise.all(syncs)).flat()).toEqual([]);
      // As many at once as the pooler has sessions.
      const clients = Array.from(
        { length: 4 },
        () => new pg.Client({ connectionString: pooler.url('pooled') }),
      );
      for (const client of clients) {
        await client.connect();
        await client.query('BEGIN');
        const { rows } = await client.query(
          `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement`,
        );
        expect(rows).toEqual([{ lock: '4s', statement: '8s' }]);
      }
      for (const client of clients) await client.end();
    });
  });

  describe('is refused at the start with one sentence', () => {
    let pooler: Pooler;
    let gateway: TestGateway;
    let direct: string;
    const transactionMode = (database: string, directUrl: string): Record<string, string> => ({
      DATABASE_URL: pooler.url(database),
      DATABASE_POOLER: 'transaction',
      DATABASE_DIRECT_URL: directUrl,
    });
    beforeAll(async () => {
      pooler = await startPooler(postgres, [
        ['pool_mode = session', 'pool_mode = transaction'],
        allDatabases(),
      ]);
      direct = await createDatabase('refused');
      await applyMigrations(direct);
      await createDatabase('other', 'refused');
      gateway = await startGatewayOn({ url: direct, drop }, { DATABASE_WAIT_MS: '20000' });
    });
    afterAll(async () => {
      await gateway.stop();
      await pooler.stop();
    });
    const refusal = async (env: Record<string, string>): Promise<string> =>
      await gateway.startTwin(env).then(
        async (started) => {
          await started.stop();
          return 'started';
        },
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );

    it('where no setting speaks of transaction mode', async () => {
      expect(await refusal({ DATABASE_URL: pooler.url('refused') })).toMatch(
        /^DATABASE_URL: a pooler gives a session .*DATABASE_POOLER=transaction/,
      );
    });

    it('where DATABASE_DIRECT_URL is the pooler as well', async () => {
      expect(await refusal(transactionMode('refused', pooler.url('refused')))).toMatch(
        /^DATABASE_DIRECT_URL: a pooler gives a session/,
      );
    });

    it('where both lead to databases that are not the same', async () => {
      expect(await refusal(transactionMode('other', direct))).toMatch(
        /^DATABASE_URL: .*another database than DATABASE_DIRECT_URL/,
      );
    });

    it('where the role comes to another schema', async () => {
      await runIn(direct, 'CREATE SCHEMA tables');
      expect(await refusal(transactionMode('refused', `${direct}?schema=tables`))).toMatch(
        /^DATABASE_URL: .*ALTER ROLE "postgres" SET search_path = "tables"\.$/,
      );
    });

    it('where the role does not state what sessions rely on', async () => {
      const pooled = await createDatabase('unstated');
      await runIn(postgres.url, `ALTER ROLE postgres IN DATABASE unstated SET lock_timeout = '1h'`);
      expect(await refusal(transactionMode('unstated', pooled))).toMatch(
        /^DATABASE_URL: .*: ALTER ROLE "postgres" SET lock_timeout = '4000'\.$/,
      );
    });
  });
});
