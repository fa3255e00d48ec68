import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pg from 'pg';
import { pino } from 'pino';
import { z } from 'zod';
import type { AccessLevel } from '../../src/access/viewer.js';
import { type App, startApp } from '../../src/app/app.js';
import type { Intervals } from '../../src/app/intervals.js';
import { readSettings } from '../../src/config/settings.js';
import { importFleet } from '../../src/operations/import-fleet/import-fleet.js';
import { writeFleet } from '../../src/persistence/devices/fleet-writer.js';
import { dataDirKeyRing } from '../../src/data-dir/secrets.js';
import { openStorage } from '../../src/persistence/setup/open-storage.js';
import type { DeviceSecrets } from '../../src/secrets/device-secrets.js';
import { KeyRing } from '../../src/secrets/key-ring.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { ignoreStatementsOn } from './statements.js';

const restError = z.strictObject({ code: z.int(), message: z.string() });

/** The wire format of an error, whatever its kind; every answer in every test is held against it. */
export const wireError = z.strictObject({
  message: z.string().min(1),
  locations: z.array(z.object({ line: z.int(), column: z.int() })).optional(),
  path: z.array(z.union([z.string(), z.int()])).optional(),
  extensions: z.strictObject({
    code: z.string(),
    rest: restError,
    violations: z
      .array(z.strictObject({ path: z.string(), code: z.string(), rest: restError, message: z.string() }))
      .optional(),
    moreViolations: z.int().positive().optional(),
    deviceId: z.string().optional(),
    currentVersion: z.int().optional(),
    retryAfterMs: z.int().optional(),
    retryable: z.boolean(),
    docs: z.url().optional(),
    requestId: z.string().min(1),
  }),
});

const answer = z.strictObject({ data: z.unknown().optional(), errors: z.array(wireError).default([]) });

/** An answer of the gateway. */
export interface GraphqlAnswer extends z.infer<typeof answer> {
  readonly status: number;
  readonly headers: Headers;
  /** The body byte for byte. */
  readonly text: string;
}

/** What goes with the document of a request. */
interface QueryOptions {
  readonly token?: string;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** A gateway of one test file: a database of its own, everything through the front door. */
export interface TestGateway {
  readonly app: App;
  readonly url: string;
  /** The environment for another process of the project on the same database and with the same keys. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything the gateway logged, one JSON object a line. */
  readonly logLines: string[];
  /** Straight to the database, to look at what is stored or to make what the front door refuses. */
  readonly sql: pg.Pool;
  /** What seals passwords in its database. */
  readonly secrets: DeviceSecrets;
  /** Loads a fleet as `npm run import` does; errors are thrown. */
  readonly importFleet: (content: unknown) => Promise<void>;
  readonly token: (level: AccessLevel, customer: string, ttl?: string) => Promise<string>;
  readonly query: (query: string, options?: QueryOptions) => Promise<GraphqlAnswer>;
  /** Starts one more gateway on the same database, with the same keys unless `env` says others. Stop it first. */
  readonly startTwin: (env?: Readonly<Record<string, string>>) => Promise<Twin>;
  readonly stop: () => Promise<void>;
}

/** A second gateway on the database of a first one. */
export interface Twin {
  readonly url: string;
  readonly logLines: string[];
  readonly stop: () => Promise<void>;
}

/** Shorter than in production: changes are seen sooner, and no client or balancer makes a stop wait. */
const INTERVALS: Intervals = {
  credentialRecheckMs: 60_000,
  heartbeatMs: 500,
  pingMs: 12_000,
  closeMs: 3_000,
  stopWaits: { lastCallMs: 0, quietMs: 0, lingerMs: 0 },
};

/**
 * Starts a gateway on a database without data.
 * @param env more settings, as in the environment
 * @param proxyPort where a proxy stands in front of the database server; the gateway goes through it, the test does not
 */
export async function startTestGateway(
  env: Readonly<Record<string, string>> = {},
  proxyPort?: number,
  intervals: Partial<Intervals> = {},
): Promise<TestGateway> {
  return await startGatewayOn(await createTestDatabase(), env, proxyPort, intervals);
}

let shared: Promise<TestGateway> | undefined;

/**
 * The gateway of this worker that test files share one after the other: settings as they are by default, but no limit of what a
 * subject may ask. For files that look at customers and devices of their own, and neither at what else is logged or stored nor
 * at counts of statements. Its `stop` leaves it to the next file.
 */
export async function sharedGateway(): Promise<TestGateway> {
  shared ??= startTestGateway({ RATE_LIMIT: '0', MAC_PROBE_LIMIT: '0' });
  const gateway = await shared;
  ignoreStatementsOn(gateway.env['DATABASE_URL'] ?? '');
  gateway.logLines.length = 0;
  return { ...gateway, stop: async () => await Promise.resolve() };
}

/** Starts a gateway on a database, which is dropped when it stops. */
export async function startGatewayOn(
  database: Pick<TestDatabase, 'url' | 'drop'>,
  env: Readonly<Record<string, string>> = {},
  proxyPort?: number,
  intervals: Partial<Intervals> = {},
): Promise<TestGateway> {
  const databaseUrl = new URL(database.url);
  if (proxyPort !== undefined) databaseUrl.port = String(proxyPort);
  const dataDir = await mkdtemp(join(tmpdir(), 'device gateway test '));
  const environment = { PORT: '0', DATA_DIR: dataDir, DATABASE_URL: databaseUrl.href, ...env };
  const settings = readSettings(environment);
  const logLines: string[] = [];
  const log = pino({ level: 'trace' }, linesInto(logLines));
  const app = await startApp(settings, log, { ...INTERVALS, ...intervals });
  const secrets = new KeyRing(settings.secretKeys ?? (await dataDirKeyRing(dataDir)));
  const sql = new pg.Pool({ connectionString: database.url, max: 2 });
  // One that is on its way out may still hear that its database is dropped.
  sql.on('connect', (client) => client.on('error', () => undefined));
  return {
    app,
    url: app.url,
    env: { DATA_DIR: dataDir, DATABASE_URL: database.url },
    logLines,
    sql,
    secrets,
    importFleet: async (content) => {
      const storage = await openStorage({ ...settings, databaseUrl: database.url }, log);
      try {
        const outcome = await importFleet(
          async (work) => await writeFleet(storage.database.prisma, secrets, work),
          content,
          () => undefined,
          new Date(),
        );
        if ('errors' in outcome) throw new Error(outcome.errors.join('\n'));
      } finally {
        await storage.close();
      }
    },
    token: async (level, customerId, ttl = '5m') => {
      if (app.issuer === undefined) throw new Error('This gateway has no local issuer.');
      return await app.issuer.issue({ subject: `test-${level}`, customerId, level }, ttl);
    },
    query: async (query, options) => await queryAt(app.url, query, options),
    startTwin: async (twinEnv) => {
      const twinLines: string[] = [];
      const twinSettings = readSettings({ ...environment, ...twinEnv });
      const twin = await startApp(twinSettings, pino({ level: 'trace' }, linesInto(twinLines)), INTERVALS);
      return { url: twin.url, logLines: twinLines, stop: twin.stop };
    },
    stop: async () => {
      await app.stop();
      await sql.end();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Sends a document to the gateway at a URL. */
export async function queryAt(
  url: string,
  query: string,
  { token, variables, headers }: QueryOptions = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  return await toAnswer(response);
}

async function toAnswer(response: Response): Promise<GraphqlAnswer> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, text, ...answer.parse(JSON.parse(text)) };
}

function linesInto(lines: string[]): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
}

/** A new id, so that no test meets the data of another. */
export function newId(): string {
  return randomBytes(12).toString('hex');
}

/** A new MAC address in normal form: unicast, locally administered. */
export function newMac(): string {
  return `02${randomBytes(5).toString('hex')}`;
}
