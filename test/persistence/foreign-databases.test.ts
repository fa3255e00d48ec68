import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from '../../src/app/app.js';
import { readSettings } from '../../src/config/settings.js';
import { StartupError } from '../../src/errors/startup-error.js';
import { prepareDatabase } from '../../src/persistence/setup/prepare-database.js';
import { assertUsable, type DatabaseFacts } from '../../src/persistence/setup/start-checks.js';
import { connect, touch } from '../live/subscriber.js';
import {
  createEmptyDatabase,
  createRole,
  createTestDatabase,
  runIn,
  type TestDatabase,
  type TestRole,
} from '../support/database.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { startGatewayOn, type TestGateway } from '../support/gateway.js';

const READ = `query ($id: ID!) { networkDevice(id: $id) { name state jobs wifi { password } customer { name } } }`;
const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) { version }
}`;
const LISTS = `query ($search: String, $ids: [ID!]!) {
  networkDeviceConnection(filter: { search: $search }) { totalCount nodes { id } }
  customers: customerConnection { totalCount }
  deviceModels { id }
  networkDevices(ids: $ids) { provisioningJobs { state } }
  viewer { customer { id } }
}`;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A database of the test, gone after it. */
async function database(made: Promise<TestDatabase>): Promise<TestDatabase> {
  const created = await made;
  closing.push(created.drop);
  return created;
}

async function role(): Promise<TestRole> {
  const created = await createRole();
  closing.push(created.drop);
  return created;
}

/** Uses everything that the gateway keeps in the database once. */
async function expectToWork(url: string): Promise<void> {
  const gateway = await startGatewayOn({ url, drop: async () => await Promise.resolve() });
  try {
    await useIt(gateway);
  } finally {
    await gateway.stop();
  }
}

async function useIt(gateway: TestGateway): Promise<void> {
  const reseller = await createCustomer(gateway);
  const customer = await createCustomer(gateway, reseller);
  const token = await gateway.token('RESELLER', reseller);
  const { id, macAddress } = await createDevice(gateway, { customer });
  const subscriber = await connect(gateway, token);
  try {
    await subscriber.watch('w', { ids: [id] });
    const input = { name: 'Somewhere else', wifi: { password: 'somewhere else' } };
    const updated = await gateway.query(UPDATE, { token, variables: { id, input } });
    expect(updated.errors).toEqual([]);
    await expect
      .poll(async () => (await gateway.query(READ, { token, variables: { id } })).data)
      .toMatchObject({
        networkDevice: {
          name: 'Somewhere else',
          state: 'ACTIVE',
          jobs: 0,
          wifi: { password: 'somewhere else' },
        },
      });
    await touch(gateway, [id]);
    await subscriber.receives('w', 2);
  } finally {
    subscriber.close();
  }
  const { data, errors } = await gateway.query(LISTS, {
    token,
    variables: { search: macAddress, ids: [id] },
  });
  expect(errors).toEqual([]);
  expect(data).toMatchObject({
    networkDeviceConnection: { totalCount: 1, nodes: [{ id }] },
    networkDevices: [{ provisioningJobs: [{ state: 'APPLIED' }] }],
    viewer: { customer: { id: reseller } },
  });
}

/** The sentence with which a start is refused. */
async function refusalOf(url: string): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'device gateway test '));
  closing.push(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });
  const settings = readSettings({ PORT: '0', DATA_DIR: dataDir, DATABASE_URL: url });
  const error: unknown = await startApp(settings, pino({ level: 'silent' })).then(
    async ({ stop }) => await stop(),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StartupError);
  const message = error instanceof Error ? error.message : '';
  expect(message).toMatch(/^DATABASE_URL: [^\n]+\.$/);
  return message;
}

describe('the gateway lives in the schema that its connections come to', () => {
  it('a schema of the role alone', async () => {
    const { name, urlOf } = await role();
    const own = await database(createEmptyDatabase(`OWNER ${name}`));
    await runIn(
      own.url,
      `REVOKE ALL ON SCHEMA public FROM public; CREATE SCHEMA ${name} AUTHORIZATION ${name}`,
    );
    await expectToWork(urlOf(own));
  });

  it('one that DATABASE_URL names, beside another project of Prisma in public', async () => {
    const shared = await database(createTestDatabase());
    await runIn(shared.url, 'CREATE SCHEMA "Device Gateway"');
    const path = String.raw`-c search_path="Device\ Gateway"`;
    const gateway = await startGatewayOn(
      { url: withParameter(shared.url, 'options', path), drop: async () => await Promise.resolve() },
      { DATABASE_URL: withParameter(shared.url, 'schema', 'Device Gateway') },
    );
    try {
      await useIt(gateway);
      const { rows } = await gateway.sql.query('SELECT FROM public.network_device');
      expect(rows).toHaveLength(0);
    } finally {
      await gateway.stop();
    }
  });

  it('with the extension in a schema of its own', async () => {
    const { name, urlOf } = await role();
    const apart = await database(createEmptyDatabase(`OWNER ${name}`));
    await runIn(
      apart.url,
      `CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO ${name}`,
    );
    await expectToWork(urlOf(apart));
  });

  it('as a role that may read and write the tables and nothing else', async () => {
    const { name, urlOf } = await role();
    const migrated = await database(createTestDatabase());
    await runIn(
      migrated.url,
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
       GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`,
    );
    await expectToWork(urlOf(migrated));
  });
});

it('a start says that the order of names has changed since the indexes were made', async () => {
  const { url } = await database(createTestDatabase());
  const { warnings } = await prepareDatabase(url);
  expect(warnings).toEqual([]);
  await runIn(url, `UPDATE pg_collation SET collversion = '1' WHERE collname = 'und-x-icu'`);
  const gateway = await startGatewayOn({ url, drop: async () => await Promise.resolve() });
  await gateway.stop();
  expect(gateway.logLines.filter((line) => line.includes('REINDEX'))).not.toEqual([]);
});

/** Stands in front of a server as PgBouncer does that is told to ignore the options of connections. @returns its port */
async function startForgetfulPooler(serverPort: number): Promise<number> {
  const server = createServer((client) => {
    const target = createConnection(serverPort, '127.0.0.1');
    client.once('data', (startup) => {
      target.write(withoutOptions(startup));
      client.pipe(target);
    });
    target.pipe(client);
    for (const socket of [client, target]) {
      socket.on('error', () => undefined);
      socket.on('close', () => [client, target].forEach((other) => other.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.close();
    await once(server, 'close');
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The first message of a connection: length, protocol, and pairs of texts that each end with a zero byte. */
function withoutOptions(startup: Buffer): Buffer {
  const words = startup.subarray(8).toString('latin1').split('\0');
  const place = words.indexOf('options');
  const body = Buffer.from(words.toSpliced(place, place === -1 ? 0 : 2).join('\0'), 'latin1');
  const head = Buffer.from(startup.subarray(0, 8));
  head.writeInt32BE(8 + body.length);
  return Buffer.concat([head, body]);
}

function withParameter(url: string, name: string, value: string): string {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed.href;
}

describe('a database that cannot be used is refused at the start with one sentence', () => {
  it.each(['SQL_ASCII', 'LATIN1'])('encoding %s', async (encoding) => {
    const { url } = await database(createEmptyDatabase(`ENCODING '${encoding}' LOCALE 'C'`));
    expect(await refusalOf(url)).toContain(`encoding ${encoding}`);
  });

  it('a schema that is not there', async () => {
    const { url } = await database(createTestDatabase());
    expect(await refusalOf(withParameter(url, 'schema', 'missing'))).toContain('schema "missing"');
  });

  it('a role without any schema', async () => {
    const { urlOf } = await role();
    const bare = await database(createEmptyDatabase());
    await runIn(bare.url, 'REVOKE ALL ON SCHEMA public FROM public');
    expect(await refusalOf(urlOf(bare))).toMatch(/schema/);
  });

  it('a role that may not make tables in public', async () => {
    const { name, urlOf } = await role();
    const bare = await database(createEmptyDatabase());
    const sentence = await refusalOf(urlOf(bare));
    expect(sentence).toContain('schema "public"');
    expect(sentence).toContain(name);
  });

  it('an extension that the role may not make', async () => {
    const { name, urlOf } = await role();
    const bare = await database(createEmptyDatabase());
    await runIn(bare.url, `CREATE SCHEMA ${name} AUTHORIZATION ${name}`);
    expect(await refusalOf(urlOf(bare))).toContain('pg_trgm');
  });

  it('an extension in a schema that the role may not use', async () => {
    const { name, urlOf } = await role();
    const apart = await database(createEmptyDatabase(`OWNER ${name}`));
    await runIn(apart.url, 'CREATE SCHEMA extensions; CREATE EXTENSION pg_trgm SCHEMA extensions');
    expect(await refusalOf(urlOf(apart))).toMatch(/pg_trgm.*"extensions"/);
  });

  it.each([
    ['no right at all', '', '_prisma_migrations'],
    ['no right to write the audit trail', 'REVOKE INSERT ON device_audit FROM', 'device_audit'],
    [
      'no right to number jobs',
      'REVOKE ALL ON SEQUENCE provisioning_job_id_seq FROM',
      'provisioning_job_id_seq',
    ],
  ])('a role with %s', async (_, revoke, named) => {
    const { name, urlOf } = await role();
    const migrated = await database(createTestDatabase());
    if (revoke !== '') {
      await runIn(
        migrated.url,
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}; ${revoke} ${name}`,
      );
    }
    const sentence = await refusalOf(urlOf(migrated));
    expect(sentence).toContain(named);
    expect(sentence).toContain(name);
  });

  it('a pooler that drops what sessions state', async () => {
    const { url } = await database(createTestDatabase());
    const port = await startForgetfulPooler(Number(new URL(url).port));
    const through = Object.assign(new URL(url), { port: String(port) }).href;
    expect(await refusalOf(through)).toMatch(/pooler .*statement_timeout/);
  });

  it.each<[string, Partial<DatabaseFacts>, string]>([
    ['a server of PostgreSQL 14', { version: 140_011 }, 'PostgreSQL 14'],
    ['a pooler that keeps transactions only', { sharesSessions: true }, 'session mode'],
    ['a server without ICU', { hasUnicodeOrder: false }, 'und-x-icu'],
  ])('%s', (_, difference, named) => {
    const facts: DatabaseFacts = {
      version: 150_000,
      encoding: 'UTF8',
      user: 'gateway',
      schema: 'public',
      mayReadHistory: true,
      runsTriggers: true,
      hasUnicodeOrder: true,
      hasNewUnicodeOrder: false,
      extensionSchema: 'public',
      mayUseExtension: true,
      lostSettings: [],
      sharesSessions: false,
    };
    expect(assertUsable(facts, null)).toBe('public');
    expect(() => assertUsable({ ...facts, ...difference }, null)).toThrow(named);
  });

  it('sessions in which triggers do not run', async () => {
    const { url, name } = await database(createTestDatabase());
    await runIn(url, `ALTER DATABASE ${name} SET session_replication_role = replica`);
    expect(await refusalOf(url)).toContain('session_replication_role');
  });
});
