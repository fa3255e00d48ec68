import type { SecretKey } from '../secrets/key-ring.js';
import { resolve } from 'node:path';
import { StartupError } from '../errors/startup-error.js';
import { type IpRange, parseIpRange } from '../domain/ip-range.js';
import { type DatabaseSettings, readDatabaseSettings } from './database-settings.js';
import { type Environment, EnvironmentReader } from './environment-reader.js';
import {
  type DocumentSettings,
  readDocumentSettings,
  readTrustedDocuments,
  type TrustedDocumentSettings,
} from './document-settings.js';
import { parseSecretKeys } from './secret-keys.js';

const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

const DAY_MS = 24 * 3_600_000;
/** Where Apollo Studio and its Sandbox run. */
const APOLLO_STUDIO = 'https://studio.apollographql.com';

/** What authenticates clients: an external issuer, known by its public keys, the platform itself, or the issuer in DATA_DIR. */
type IssuerSettings =
  | {
      readonly kind: 'external';
      readonly jwksUrl: string;
      readonly issuer: string;
      readonly audience: string;
    }
  | { readonly kind: 'platform'; readonly validateTokenUrl: string }
  | { readonly kind: 'local' };

/** Where settings go that are on their way to a device. */
export type ProvisioningTarget =
  | {
      readonly kind: 'http';
      readonly url: string;
      /** Where removals go; undefined: devices are deleted without asking them. */
      readonly removalUrl: string | undefined;
      readonly secret: string;
    }
  /** For development: a device that takes its time and refuses some attempts, as asked for. */
  | { readonly kind: 'simulated'; readonly delayMs: number; readonly failurePercent: number };

/** How changed settings reach their devices. */
interface ProvisioningSettings {
  readonly target: ProvisioningTarget;
  /** How long a job waits after its first failed attempt; each further wait is twice as long. */
  readonly retryMs: number;
  /** Whether the gateway itself works on the jobs; `npm run worker` does so in any case. */
  readonly isWorker: boolean;
}

/** Everything that the environment decides, read once; README.md has the table. */
export interface Settings extends DatabaseSettings, DocumentSettings, TrustedDocumentSettings {
  readonly port: number;
  /** Where a worker serves health and metrics; undefined: nowhere. */
  readonly workerPort: number | undefined;
  readonly host: string;
  /** An absolute path. */
  readonly dataDir: string;
  readonly isProduction: boolean;
  /** Whether each request over HTTP leaves a line in the log. */
  readonly accessLog: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  readonly issuer: IssuerSettings;
  /** The key ring for WiFi passwords, the first key encrypts; undefined: a ring kept in `dataDir`. */
  readonly secretKeys: readonly [SecretKey, ...SecretKey[]] | undefined;
  readonly provisioning: ProvisioningSettings;
  readonly shutdownGraceMs: number;
  /** How long a stop is announced before it begins: balancers look only every few seconds. */
  readonly shutdownDelayMs: number;
  /** Pages of these origins may call the gateway from a browser. */
  readonly corsOrigins: readonly string[];
  /** More request headers that such pages may send, in lower case. */
  readonly corsHeaders: readonly string[];
  /** The page that describes each error code under an anchor; undefined where errors name none. */
  readonly docsUrl: string | undefined;
  readonly maxBodyBytes: number;
  /** Requests per minute and subject; 0: any number. */
  readonly rateLimit: number;
  /** Maximum number of MAC_ADDRESS_IN_USE errors in an hour for a subject other than ADMIN; 0: any number. */
  readonly macProbeLimit: number;
  /** Maximum number of devices of a customer that a create by others than ADMIN may reach; 0: any number. */
  readonly devicesPerCustomer: number;
  /** How long idempotency keys are kept, in milliseconds; 0: for good. */
  readonly idempotencyKeepMs: number;
  /** How long jobs are kept from their end, in milliseconds; 0 for good. */
  readonly jobKeepMs: number;
  /** How long entries of the audit trail are kept, in milliseconds; 0 for good. */
  readonly auditKeepMs: number;
  /** How long the old values of changes are kept and shown, in milliseconds; 0 for good. */
  readonly historyKeepMs: number;
  /** The proxies whose `x-forwarded-for` is trusted. */
  readonly trustedProxies: readonly IpRange[];
}

/** The settings of this process. The only place that reads the environment. */
export function loadSettings(): Settings {
  return readSettings(process.env);
}

/**
 * Reads settings out of an environment.
 * @throws StartupError that lists every error
 */
export function readSettings(env: Environment): Settings {
  const reader = new EnvironmentReader(env);
  const isProduction = readIsProduction(reader);
  const settings: Settings = {
    port: reader.int('PORT', 4000, 0, 65_535),
    workerPort: readWorkerPort(reader),
    host: reader.text('HOST') ?? '127.0.0.1',
    ...readDatabaseSettings(reader),
    dataDir: resolve(reader.text('DATA_DIR') ?? '.data'),
    isProduction,
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    accessLog: reader.flag('ACCESS_LOG', false),
    issuer: readIssuer(reader, isProduction),
    secretKeys: readSecretKeys(reader),
    provisioning: readProvisioning(reader),
    shutdownGraceMs: reader.int('SHUTDOWN_GRACE_MS', 10_000, 0, 600_000),
    shutdownDelayMs: reader.int('SHUTDOWN_DELAY_MS', 0, 0, 600_000),
    ...readDocumentSettings(reader),
    ...readTrustedDocuments(reader),
    corsOrigins: readCorsOrigins(reader),
    corsHeaders: readCorsHeaders(reader),
    docsUrl: reader.url('DOCS_URL', ['https:', 'http:']),
    maxBodyBytes: reader.int('MAX_BODY_BYTES', 100_000, 1, 100_000_000),
    rateLimit: reader.int('RATE_LIMIT', 6_000, 0, 100_000_000),
    macProbeLimit: reader.int('MAC_PROBE_LIMIT', 100, 0, 100_000_000),
    devicesPerCustomer: reader.int('DEVICES_PER_CUSTOMER', 10_000, 0, 100_000_000),
    idempotencyKeepMs: reader.amount('IDEMPOTENCY_HOURS', 24, 1_000_000) * 3_600_000,
    jobKeepMs: reader.amount('JOB_DAYS', 30, 1_000_000) * DAY_MS,
    historyKeepMs: reader.amount('HISTORY_DAYS', 400, 1_000_000) * DAY_MS,
    auditKeepMs: reader.amount('AUDIT_DAYS', 3_650, 1_000_000) * DAY_MS,
    trustedProxies: readTrustedProxies(reader),
  };
  if (isProduction) requireForProduction(reader);
  assertNoError(reader);
  return Object.freeze(settings);
}

function assertNoError({ errors }: EnvironmentReader): void {
  if (errors.length === 0) return;
  throw new StartupError(['The settings are not right:', ...errors].join('\n  - '));
}

/**
 * The settings that documents are validated with; for commands that need nothing else of the environment.
 * @throws StartupError that lists every error
 */
export const loadDocumentSettings = (): DocumentSettings => loadSome(readDocumentSettings);

/** In the same way those that say where the database is. */
export const loadDatabaseSettings = (): DatabaseSettings => loadSome(readDatabaseSettings);

function loadSome<Some>(read: (reader: EnvironmentReader) => Some): Some {
  const reader = new EnvironmentReader(process.env);
  const settings = read(reader);
  assertNoError(reader);
  return settings;
}

function readWorkerPort(reader: EnvironmentReader): number | undefined {
  return reader.text('WORKER_PORT') === undefined ? undefined : reader.int('WORKER_PORT', 0, 0, 65_535);
}

/** A misspelt NODE_ENV must not switch on, in production, what development gets by default. */
function readIsProduction(reader: EnvironmentReader): boolean {
  const environment = reader.text('NODE_ENV');
  if (environment !== 'production' && /^prod/i.test(environment ?? '')) {
    reader.error('NODE_ENV', 'must be "production", spelt like this, where it is meant');
  }
  return environment === 'production';
}

function readIssuer(reader: EnvironmentReader, isProduction: boolean): IssuerSettings {
  const validateTokenUrl = reader.serviceUrl('AUTH_VALIDATE_TOKEN_URL');
  const isJwksSet = reader.text('AUTH_JWKS_URL') !== undefined;
  if (isJwksSet && reader.text('AUTH_VALIDATE_TOKEN_URL') !== undefined) {
    reader.error('AUTH_VALIDATE_TOKEN_URL', 'cannot be set together with AUTH_JWKS_URL');
  }
  if (isJwksSet) return readJwksIssuer(reader, isProduction);
  for (const name of ['AUTH_ISSUER', 'AUTH_AUDIENCE']) {
    if (reader.text(name) !== undefined) reader.error(name, 'is of no use without AUTH_JWKS_URL');
  }
  return validateTokenUrl === undefined ? { kind: 'local' } : { kind: 'platform', validateTokenUrl };
}

function readJwksIssuer(reader: EnvironmentReader, isProduction: boolean): IssuerSettings {
  // Whoever can change the keys in transit can impersonate anybody; only a test network may allow that.
  const jwksUrl = reader.serviceUrl('AUTH_JWKS_URL', !isProduction);
  const issuer = reader.text('AUTH_ISSUER');
  const audience = reader.text('AUTH_AUDIENCE');
  if (issuer === undefined) reader.error('AUTH_ISSUER', 'is needed with AUTH_JWKS_URL');
  if (audience === undefined) reader.error('AUTH_AUDIENCE', 'is needed with AUTH_JWKS_URL');
  return { kind: 'external', jwksUrl: jwksUrl ?? '', issuer: issuer ?? '', audience: audience ?? '' };
}

function readSecretKeys(reader: EnvironmentReader): Settings['secretKeys'] {
  const text = reader.text('WIFI_SECRET_KEYS');
  if (text === undefined) return undefined;
  const parsed = parseSecretKeys(text);
  if ('keys' in parsed) return parsed.keys;
  for (const error of parsed.errors) reader.error('WIFI_SECRET_KEYS', error);
  return undefined;
}

function readProvisioning(reader: EnvironmentReader): ProvisioningSettings {
  return {
    target: readProvisioningTarget(reader),
    retryMs: reader.int('PROVISIONING_RETRY_MS', 2_000, 1, 3_600_000),
    isWorker: reader.flag('PROVISIONING_WORKER', true),
  };
}

function readProvisioningTarget(reader: EnvironmentReader): ProvisioningTarget {
  const url = reader.serviceUrl('PROVISIONING_URL');
  const removalUrl = reader.serviceUrl('PROVISIONING_REMOVAL_URL');
  const secret = reader.text('PROVISIONING_SECRET');
  if (reader.text('PROVISIONING_URL') === undefined) {
    if (reader.text('PROVISIONING_REMOVAL_URL') !== undefined) {
      reader.error('PROVISIONING_REMOVAL_URL', 'is of no use without PROVISIONING_URL');
    }
    if (secret !== undefined) reader.error('PROVISIONING_SECRET', 'is of no use without PROVISIONING_URL');
    return {
      kind: 'simulated',
      delayMs: reader.int('SIMULATED_DEVICE_MS', 100, 0, 60_000),
      failurePercent: reader.int('SIMULATED_DEVICE_FAILURES', 0, 0, 100),
    };
  }
  if (secret === undefined) reader.error('PROVISIONING_SECRET', 'is needed with PROVISIONING_URL');
  return { kind: 'http', url: url ?? '', removalUrl, secret: secret ?? '' };
}

/** An origin is compared with what browsers send, so it must be written as they write it. */
function readCorsOrigins(reader: EnvironmentReader): readonly string[] {
  const text = reader.text('CORS_ORIGINS');
  if (text === undefined) return [APOLLO_STUDIO];
  const entries = text.split(',').map((entry) => entry.trim());
  for (const [index, entry] of entries.entries()) {
    if (!URL.canParse(entry) || new URL(entry).origin !== entry) {
      reader.error('CORS_ORIGINS', `entry ${index + 1} is no origin such as ${APOLLO_STUDIO}`);
    }
  }
  return entries;
}

/** Names as they stand in a request; `*` would be one, and to browsers it means any. */
function readCorsHeaders(reader: EnvironmentReader): readonly string[] {
  const entries = reader.text('CORS_HEADERS')?.split(',') ?? [];
  return entries.map((entry, index) => {
    const name = entry.trim().toLowerCase();
    if (!/^[\w!#$%&'+.^`|~-]+$/.test(name)) {
      reader.error('CORS_HEADERS', `entry ${index + 1} is no name of a header such as x-tenant`);
    }
    return name;
  });
}

function readTrustedProxies(reader: EnvironmentReader): readonly IpRange[] {
  const entries = reader.text('TRUSTED_PROXIES')?.split(',') ?? [];
  return entries.flatMap((entry, index) => {
    const range = parseIpRange(entry.trim());
    if (range !== undefined) return [range];
    reader.error('TRUSTED_PROXIES', `entry ${index + 1} is no range of addresses such as 10.0.0.0/8`);
    return [];
  });
}

/** Production must set what has a default for development. */
function requireForProduction(reader: EnvironmentReader): void {
  if (reader.text('AUTH_JWKS_URL') === undefined && reader.text('AUTH_VALIDATE_TOKEN_URL') === undefined) {
    const reason = 'tokens of the local issuer are for development';
    reader.error('AUTH_JWKS_URL or AUTH_VALIDATE_TOKEN_URL', `is needed with NODE_ENV=production: ${reason}`);
  }
  const reasons = {
    DATABASE_URL: 'the embedded database is for development',
    WIFI_SECRET_KEYS: 'keys next to the data they protect are for development',
    PROVISIONING_URL: 'the simulated device is for development',
  };
  for (const [name, reason] of Object.entries(reasons)) {
    if (reader.text(name) === undefined) {
      reader.error(name, `is needed with NODE_ENV=production: ${reason}`);
    }
  }
}
