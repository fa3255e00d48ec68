import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { queryAt } from '../support/gateway.js';
import { type PreviousBuild, previousBuild } from '../support/previous-build.js';
import { build as buildThis, type ServerProcess, start, startServer } from '../support/processes.js';

const DEMO_FLEET = resolve(import.meta.dirname, '..', '..', 'prisma', 'demo-fleet.json');
const NORDLYS_NET = '52f4fd7734697b28ccaf0001';

const DEVICES = `{ networkDeviceConnection(first: 500) { totalCount nodes {
  id version state name notes jobs macAddress serialNumber mvnoAccount
  model { id name type capabilities { wifi } } customer { id name }
  wifi { enabled ssid password enabled5G ssid5G password5G bandsteering }
  dhcp { enable ipPoolStart ipPoolEnd leaseTime reservedClients { mac ip enable id } }
  status { provisioned online lanIp }
} } }`;

const previous = await previousBuild();

describe.skipIf(previous === undefined)('a database of the release before, filled and served by it', () => {
  let folder: string;
  let database: TestDatabase;
  let env: Readonly<Record<string, string>>;
  let before: ServerProcess;
  let token: string;

  beforeAll(async () => {
    if (previous === undefined) return;
    await buildThis();
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    database = await createTestDatabase();
    // A job that ends would be a change.
    env = { DATABASE_URL: database.url, DATA_DIR: join(folder, 'data'), PROVISIONING_WORKER: 'false' };
    await onlyPreviousMigrations(previous);
    await command(previous, 'import', DEMO_FLEET);
    token = await command(previous, 'token', '--level', 'ADMIN', '--customer', NORDLYS_NET, '--ttl', '1h');
    before = await startServer(env, [], previous.main);
  });
  afterAll(async () => {
    await before.end('SIGTERM');
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function onlyPreviousMigrations(build: PreviousBuild): Promise<void> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query('DROP SCHEMA public CASCADE');
    await client.query('CREATE SCHEMA public');
    await client.end();
    await command(build, 'db-deploy');
  }

  async function command(build: PreviousBuild, name: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await start([build.command(name), ...args], env).ended;
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  const devicesAt = async (url: string): Promise<unknown> => {
    const { data, errors } = await queryAt(url, DEVICES, { token });
    expect(errors).toEqual([]);
    return data;
  };

  it('is taken over by this one without a change of what clients read, there and here', async () => {
    const expected = await devicesAt(before.url);
    expect(JSON.stringify(expected)).toContain('12345678901234567890abcd');
    const now = await startServer(env);
    try {
      expect(await devicesAt(now.url)).toEqual(expected);
      expect(await devicesAt(before.url)).toEqual(expected);
    } finally {
      await now.end('SIGTERM');
    }
  });
});
