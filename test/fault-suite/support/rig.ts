import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { AccessLevel } from '../../../src/access/viewer.js';
import { localIssuer } from '../../../src/auth/local-issuer.js';
import { dataDirIssuerKey } from '../../../src/data-dir/secrets.js';
import { openStorage } from '../../../src/persistence/setup/open-storage.js';
import { parseSecretKeys } from '../../../src/config/secret-keys.js';
import { createTestDatabase } from '../../support/database.js';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { build, type ServerProcess, startServer } from '../../support/processes.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.js';

/** What the fault suite breaks: compiled gateways as processes of their own, a proxy before the database, devices. */
export interface Rig {
  /** Between the gateways and the database; the test itself goes past it. */
  readonly proxy: TcpProxy;
  readonly customer: string;
  readonly devices: readonly TestDevice[];
  /** @param customer the one that has the devices when absent */
  readonly token: (level: AccessLevel, customer?: string) => Promise<string>;
  /** Past the proxy. */
  readonly databaseUrl: () => string;
  /** Asks the database itself. */
  readonly rows: (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;
  /** Starts one more gateway on this database. */
  readonly startGateway: (
    env?: Readonly<Record<string, string>>,
    nodeArgs?: readonly string[],
  ) => Promise<ServerProcess>;
  /** Ends what still runs. */
  readonly close: () => Promise<void>;
}

/** What is the same for every gateway of a rig, unless a row wants it otherwise. */
const DEFAULTS = { RATE_LIMIT: '0', PROVISIONING_WORKER: 'false' };

/** A rig on a database of its own, on the server of the whole run. */
export async function startRig(
  deviceCount: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  const database = await createTestDatabase();
  return await riggedOn(() => database.url, database.drop, deviceCount, env);
}

/** A rig with a database server that it may break. */
export async function startBreakableRig(
  deviceCount: number,
): Promise<{ readonly rig: Rig; readonly postgres: OwnPostgres }> {
  const postgres = await startOwnPostgres();
  return { rig: await riggedOn(postgres.url, postgres.close, deviceCount, {}), postgres };
}

async function riggedOn(
  databaseUrl: () => string,
  drop: () => Promise<void>,
  deviceCount: number,
  env: Readonly<Record<string, string>>,
): Promise<Rig> {
  await build();
  const dataDir = await mkdtemp(join(tmpdir(), 'device gateway faults '));
  const proxy = await startTcpProxy(Number(new URL(databaseUrl()).port || 5432));
  const proxied = new URL(databaseUrl());
  proxied.port = String(proxy.port);
  const seeded = await seed(databaseUrl(), dataDir, deviceCount, env);
  const issuer = localIssuer(await dataDirIssuerKey(dataDir));
  const gateways: ServerProcess[] = [];
  return {
    ...seeded,
    proxy,
    databaseUrl,
    token: async (level, customerId = seeded.customer) =>
      await issuer.issue({ subject: `faults-${level}`, customerId, level }, '1h'),
    rows: async (text, values = []) => await onDatabase(databaseUrl(), text, values),
    startGateway: async (more = {}, nodeArgs = []) => {
      const all = { DATA_DIR: dataDir, DATABASE_URL: proxied.href, ...DEFAULTS, ...env, ...more };
      const gateway = await startServer(all, nodeArgs);
      gateways.push(gateway);
      return gateway;
    },
    close: async () => {
      for (const { child, end } of gateways) if (isRunning(child)) await end('SIGKILL');
      await proxy.close();
      await drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function isRunning({ exitCode, signalCode }: ServerProcess['child']): boolean {
  return exitCode === null && signalCode === null;
}

async function onDatabase(
  connectionString: string,
  text: string,
  values: readonly unknown[],
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}

/** Puts devices of one customer into an empty database, which gets its tables first. */
async function seed(
  databaseUrl: string,
  dataDir: string,
  deviceCount: number,
  env: Readonly<Record<string, string>>,
): Promise<Pick<Rig, 'customer' | 'devices'>> {
  const parsed = env['WIFI_SECRET_KEYS'] === undefined ? undefined : parseSecretKeys(env['WIFI_SECRET_KEYS']);
  const secretKeys = parsed !== undefined && 'keys' in parsed ? parsed.keys : undefined;
  const { keyRing, close } = await openStorage(
    { databaseUrl, databaseWaitMs: 0, dataDir, secretKeys },
    pino({ level: 'silent' }),
  );
  const sql = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const target = { sql, secrets: keyRing };
  const customer = await createCustomer(target);
  const devices: TestDevice[] = [];
  while (devices.length < deviceCount) devices.push(await createDevice(target, { customer }));
  await sql.query('DELETE FROM device_change');
  await sql.end();
  await close();
  return { customer, devices };
}
