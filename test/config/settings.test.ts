import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../src/config/settings.js';
import { StartupError } from '../../src/errors/startup-error.js';

const KEY = randomBytes(32).toString('base64');

/** What readSettings says is wrong with an environment. */
function faultsOf(env: Record<string, string>): string {
  try {
    readSettings(env);
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('The settings were accepted.');
}

describe('settings that are not set have the defaults of the contract', () => {
  const DEFAULTS = {
    port: 4000,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataDir: resolve('.data'),
    isProduction: false,
    issuer: { kind: 'local' },
    secretKeys: undefined,
    introspection: true,
    maxBodyBytes: 100_000,
    maxTokens: 4_000,
    maxDepth: 12,
    maxAliases: 100,
    maxRootFields: 50,
    maxFragments: 200,
    maxAnswerBytes: 16_000_000,
    rateLimit: 6_000,
    trustedProxies: [],
  };

  it('all of them, in an empty environment', () => {
    expect(readSettings({})).toMatchObject(DEFAULTS);
  });

  it('an empty text counts as not set', () => {
    const names = [
      'PORT',
      'HOST',
      'DATABASE_URL',
      'DATA_DIR',
      'NODE_ENV',
      'AUTH_JWKS_URL',
      'WIFI_SECRET_KEYS',
    ];
    expect(readSettings(Object.fromEntries(names.map((name) => [name, ' '])))).toMatchObject(DEFAULTS);
  });

  it('settings that nobody knows are no error', () => {
    expect(readSettings({ EDITOR: 'vi' })).toMatchObject(DEFAULTS);
  });
});

describe('settings are read as they are meant', () => {
  it.each<[string, Record<string, string>, object]>([
    ['any free port', { PORT: '0' }, { port: 0 }],
    ['a port of a worker', { WORKER_PORT: '9100' }, { workerPort: 9100 }],
    ['no port of a worker', {}, { workerPort: undefined }],
    ['a host', { HOST: '::1' }, { host: '::1' }],
    [
      'proxies, as ranges and alone',
      { TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,fd00::/8,::1' },
      {
        trustedProxies: [
          { address: '10.0.0.0', prefix: 8, family: 'ipv4' },
          { address: '192.0.2.7', prefix: 32, family: 'ipv4' },
          { address: 'fd00::', prefix: 8, family: 'ipv6' },
          { address: '::1', prefix: 128, family: 'ipv6' },
        ],
      },
    ],
    ['no limit of requests', { RATE_LIMIT: '0' }, { rateLimit: 0 }],
    ['a limit of MAC probes', { MAC_PROBE_LIMIT: '7' }, { macProbeLimit: 7 }],
    ['100 MAC probes', {}, { macProbeLimit: 100 }],
    ['a limit of devices', { DEVICES_PER_CUSTOMER: '7' }, { devicesPerCustomer: 7 }],
    ['10,000 devices', {}, { devicesPerCustomer: 10_000 }],
    ['headers that browsers may send', { CORS_HEADERS: 'X-One, x_two' }, { corsHeaders: ['x-one', 'x_two'] }],
    ['a delay of the shutdown', { SHUTDOWN_DELAY_MS: '15000' }, { shutdownDelayMs: 15_000 }],
    ['none', {}, { corsHeaders: [], shutdownDelayMs: 0 }],
    ['a folder', { DATA_DIR: 'some where' }, { dataDir: resolve('some where') }],
    ['a database', { DATABASE_URL: 'postgres://u:p@h/d' }, { databaseUrl: 'postgres://u:p@h/d' }],
    ['introspection', { INTROSPECTION: 'false' }, { introspection: false }],
    ['limits', { MAX_BODY_BYTES: '5', MAX_TOKENS: '6' }, { maxBodyBytes: 5, maxTokens: 6 }],
    ['a log level', { LOG_LEVEL: 'warn' }, { logLevel: 'warn' }],
    [
      'an external issuer',
      { AUTH_JWKS_URL: 'https://i.example/jwks', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
      { issuer: { kind: 'external', jwksUrl: 'https://i.example/jwks', issuer: 'i', audience: 'a' } },
    ],
    [
      'the platform as issuer',
      { AUTH_VALIDATE_TOKEN_URL: 'https://api.example/auth/validateToken' },
      { issuer: { kind: 'platform', validateTokenUrl: 'https://api.example/auth/validateToken' } },
    ],
    [
      'keys from a test network',
      { AUTH_JWKS_URL: 'http://issuer:8080/jwks', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
      { issuer: { kind: 'external', jwksUrl: 'http://issuer:8080/jwks' } },
    ],
    [
      'a key ring, its first key first',
      { WIFI_SECRET_KEYS: `b:${KEY},a:${KEY}` },
      {
        secretKeys: [
          { id: 'b', bytes: Buffer.from(KEY, 'base64') },
          { id: 'a', bytes: Buffer.from(KEY, 'base64') },
        ],
      },
    ],
  ])('%s', (_, env, expected) => {
    expect(readSettings(env)).toMatchObject(expected);
  });
});

describe('an error names its setting, and all are reported at once', () => {
  it.each<[string, string]>([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', '0x50'],
    ['PORT', 'http'],
    ['DATABASE_URL', 'mysql://host/db'],
    ['DATABASE_URL', 'no url'],
    ['DATABASE_POOLER', 'statement'],
    ['DATABASE_POOLER', 'transaction'],
    ['DATABASE_DIRECT_URL', 'postgresql://host/db'],
    ['LOG_LEVEL', 'loud'],
    ['INTROSPECTION', 'yes'],
    ['INTROSPECTION', '1'],
    ['SHUTDOWN_GRACE_MS', '-5'],
    ['SHUTDOWN_DELAY_MS', '-5'],
    ['SHUTDOWN_DELAY_MS', '1h'],
    ['CORS_HEADERS', '*'],
    ['MAX_BODY_BYTES', '100kB'],
    ['MAX_TOKENS', '0'],
    ['AUTH_JWKS_URL', 'ftp://issuer.example'],
    ['AUTH_JWKS_URL', 'https://user:pass@issuer.example'],
    ['AUTH_VALIDATE_TOKEN_URL', 'no url'],
    ['AUTH_VALIDATE_TOKEN_URL', 'http://api.example/auth/validateToken'],
    ['AUTH_VALIDATE_TOKEN_URL', 'https://user@api.example/auth/validateToken'],
    ['NODE_ENV', 'prod'],
    ['NODE_ENV', 'Production'],
    ['AUTH_ISSUER', 'without a URL'],
    ['AUTH_AUDIENCE', 'without a URL'],
    ['CORS_ORIGINS', 'studio.apollographql.com'],
    ['PROVISIONING_URL', 'http://devices.example/jobs'],
    ['PROVISIONING_RETRY_MS', '0'],
    ['WIFI_SECRET_KEYS', 'no key'],
    ['WIFI_SECRET_KEYS', 'a:c2hvcnQ='],
    ['WIFI_SECRET_KEYS', `a:${KEY},a:${KEY}`],
    ['WIFI_SECRET_KEYS', `a:${KEY},`],
    ['WIFI_SECRET_KEYS', `:${KEY}`],
    ['WIFI_SECRET_KEYS', `a:${KEY.replace(/=$/, '')}`],
  ])('%s=%s', (name, value) => {
    const message = faultsOf({ [name]: value });
    expect(message).toContain(name);
    expect(message).not.toContain(KEY);
  });

  it('a URL without issuer and audience lacks both', () => {
    const message = faultsOf({ AUTH_JWKS_URL: 'https://issuer.example/jwks' });
    expect(message).toContain('AUTH_ISSUER');
    expect(message).toContain('AUTH_AUDIENCE');
  });

  it.each([
    ['WIFI_SECRET_KEYS', `x,a:${KEY},a:${KEY}`, [1, 3]],
    ['CORS_ORIGINS', 'x, https://portal.example,y', [1, 3]],
    ['CORS_HEADERS', '*, x-one,:', [1, 3]],
    ['TRUSTED_PROXIES', 'x, 10.0.0.0/8,y', [1, 3]],
  ])('every entry of %s that is wrong is named', (name, value, places) => {
    const named = faultsOf({ [name]: value }).match(/(?<=entry )\d+/g) ?? [];
    expect(named.map(Number)).toEqual(places);
  });

  it('two external issuers are one too many', () => {
    const platform = { AUTH_VALIDATE_TOKEN_URL: 'https://api.example/auth/validateToken' };
    const jwks = { AUTH_JWKS_URL: 'https://i.example', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' };
    expect(faultsOf({ ...platform, ...jwks })).toMatch(/AUTH_VALIDATE_TOKEN_URL .*AUTH_JWKS_URL/);
    const { AUTH_JWKS_URL: _, ...rest } = jwks;
    expect(faultsOf({ ...platform, ...rest })).toMatch(/AUTH_ISSUER .*\n.*AUTH_AUDIENCE /);
  });

  it('all errors together', () => {
    const bad = {
      PORT: 'x',
      DATABASE_URL: 'x',
      LOG_LEVEL: 'x',
      INTROSPECTION: 'x',
      SHUTDOWN_GRACE_MS: 'x',
      MAX_BODY_BYTES: 'x',
      MAX_TOKENS: 'x',
      MAX_DEPTH: 'x',
      MAX_ALIASES: 'x',
      MAX_ROOT_FIELDS: 'x',
      MAX_FRAGMENTS: '1001',
      MAX_ANSWER_BYTES: '999',
      RATE_LIMIT: 'x',
      WORKER_PORT: 'x',
      MAC_PROBE_LIMIT: 'x',
      DEVICES_PER_CUSTOMER: 'x',
      TRUSTED_PROXIES: 'x',
      TRUSTED_DOCUMENTS: 'not/there.json',
      OTHER_DOCUMENTS: 'x',
      AUTH_JWKS_URL: 'x',
      AUTH_VALIDATE_TOKEN_URL: 'x',
      WIFI_SECRET_KEYS: 'x',
      CORS_ORIGINS: 'x',
      CORS_HEADERS: '*',
      SHUTDOWN_DELAY_MS: 'x',
      PROVISIONING_URL: 'x',
      PROVISIONING_REMOVAL_URL: 'x',
      PROVISIONING_RETRY_MS: 'x',
    };
    const message = faultsOf(bad);
    for (const name of Object.keys(bad)) expect(message).toContain(name);
  });
});

describe('trusted documents are read from a manifest', () => {
  const MANIFEST = 'test/config/manifest.json';

  it('of a path that is relative to the working directory; others are allowed', () => {
    const settings = readSettings({ TRUSTED_DOCUMENTS: MANIFEST });
    const trustedDocuments = [{ id: 'viewer', text: '{ viewer { id } }' }];
    expect(settings).toMatchObject({ trustedDocuments, othersAreRefused: false });
  });

  it('others are refused', () => {
    const settings = readSettings({ TRUSTED_DOCUMENTS: MANIFEST, OTHER_DOCUMENTS: 'refuse' });
    expect(settings.othersAreRefused).toBe(true);
  });

  it('without a manifest there are none, and others cannot be refused', () => {
    expect(readSettings({})).toMatchObject({ trustedDocuments: [], othersAreRefused: false });
    expect(readSettings({ OTHER_DOCUMENTS: 'allow' }).othersAreRefused).toBe(false);
    expect(faultsOf({ OTHER_DOCUMENTS: 'refuse' })).toContain('TRUSTED_DOCUMENTS is needed');
  });

  it.each([
    [{ TRUSTED_DOCUMENTS: 'test/config/missing.json' }, /TRUSTED_DOCUMENTS cannot be read/],
    [{ TRUSTED_DOCUMENTS: 'test/config' }, /TRUSTED_DOCUMENTS cannot be read/],
    [{ TRUSTED_DOCUMENTS: 'tsconfig.json' }, /TRUSTED_DOCUMENTS is no manifest/],
    [{ TRUSTED_DOCUMENTS: 'README.md' }, /TRUSTED_DOCUMENTS is no manifest/],
    [{ TRUSTED_DOCUMENTS: MANIFEST, OTHER_DOCUMENTS: 'Refuse' }, /OTHER_DOCUMENTS is none of allow, refuse/],
  ])('a fault of the settings: %o', (env, fault) => {
    expect(faultsOf(env)).toMatch(fault);
  });
});

describe('a proxy that is none is named by its place', () => {
  it.each([
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    '010.0.0.1/8',
    'fd00::/129',
    'proxy',
    '*',
    '',
  ])('%j', (entry) => {
    const message = faultsOf({ TRUSTED_PROXIES: `127.0.0.1, ${entry},10.0.0.0/8`, PORT: 'x' });
    expect(message).toContain('TRUSTED_PROXIES entry 2 ');
    expect(message).not.toMatch(/entry [13]/);
    expect(message).toContain('PORT');
  });
});

describe('NODE_ENV=production needs everything that development gets for free', () => {
  const COMPLETE = {
    NODE_ENV: 'production',
    AUTH_JWKS_URL: 'https://issuer.example/jwks',
    AUTH_ISSUER: 'https://issuer.example',
    AUTH_AUDIENCE: 'gateway',
    DATABASE_URL: 'postgresql://user:pass@db.example/gateway',
    WIFI_SECRET_KEYS: `a:${KEY}`,
    PROVISIONING_URL: 'https://devices.example/jobs',
    PROVISIONING_SECRET: 'x'.repeat(64),
  };

  it('lists all that is missing', () => {
    const message = faultsOf({ NODE_ENV: 'production' });
    for (const name of ['AUTH_JWKS_URL', 'DATABASE_URL', 'WIFI_SECRET_KEYS', 'PROVISIONING_URL']) {
      expect(message).toContain(name);
    }
    expect(message).toContain('production');
  });

  it('lists it beside other errors', () => {
    const message = faultsOf({ NODE_ENV: 'production', PORT: 'x' });
    expect(message).toContain('PORT');
    expect(message).toContain('DATABASE_URL');
  });

  it.each(['AUTH_JWKS_URL', 'DATABASE_URL', 'WIFI_SECRET_KEYS', 'PROVISIONING_URL'])(
    'refuses when only %s is missing',
    (name) => {
      expect(faultsOf({ ...COMPLETE, [name]: '' })).toContain(name);
    },
  );

  const PLATFORM = {
    ...COMPLETE,
    AUTH_JWKS_URL: '',
    AUTH_ISSUER: '',
    AUTH_AUDIENCE: '',
    AUTH_VALIDATE_TOKEN_URL: 'https://api.example/auth/validateToken',
  };

  it.each<[string, Record<string, string>, string]>([
    ['keys without an issuer', { ...COMPLETE, AUTH_ISSUER: '' }, 'AUTH_ISSUER'],
    ['keys without an audience', { ...COMPLETE, AUTH_AUDIENCE: '' }, 'AUTH_AUDIENCE'],
    ['keys over http', { ...COMPLETE, AUTH_JWKS_URL: 'http://issuer.example/jwks' }, 'AUTH_JWKS_URL'],
    ['both issuers', { ...PLATFORM, ...COMPLETE }, 'AUTH_VALIDATE_TOKEN_URL'],
    ['neither', { ...PLATFORM, AUTH_VALIDATE_TOKEN_URL: '' }, 'AUTH_VALIDATE_TOKEN_URL'],
    ['devices without a secret', { ...COMPLETE, PROVISIONING_SECRET: '' }, 'PROVISIONING_SECRET'],
    [
      'removals without devices',
      { PROVISIONING_REMOVAL_URL: 'https://devices.example/remove' },
      'PROVISIONING_REMOVAL_URL',
    ],
    ['a secret without devices', { ...COMPLETE, PROVISIONING_URL: '' }, 'PROVISIONING_SECRET'],
    ['a slip of the pen', { ...COMPLETE, NODE_ENV: 'PRODUCTION' }, 'NODE_ENV'],
  ])('refuses %s', (_, env, name) => {
    expect(faultsOf(env)).toContain(`${name} `);
  });

  it('is content with keys over http from this machine', () => {
    const env = { ...COMPLETE, AUTH_JWKS_URL: 'http://127.0.0.1:8080/jwks' };
    expect(readSettings(env)).toMatchObject({ isProduction: true });
  });

  it('is content with the platform as issuer', () => {
    expect(readSettings(PLATFORM)).toMatchObject({ isProduction: true, issuer: { kind: 'platform' } });
  });

  it('is content when everything is there', () => {
    expect(readSettings(COMPLETE)).toMatchObject({ isProduction: true, issuer: { kind: 'external' } });
  });

  it('development needs nothing of it', () => {
    expect(readSettings({ NODE_ENV: 'development' }).isProduction).toBe(false);
  });
});

describe('no message repeats a secret', () => {
  const SECRET = 'Zq7canaryW9';
  it.each<[string, Record<string, string>]>([
    ['the password of a database URL', { DATABASE_URL: `mysql://user:${SECRET}@host/db` }],
    ['the password of a URL that is none', { DATABASE_URL: `postgresql//user:${SECRET}@host/db` }],
    ['the password of an issuer URL', { AUTH_JWKS_URL: `ftp://user:${SECRET}@host/jwks` }],
    ['a key ring', { WIFI_SECRET_KEYS: `a:${SECRET}` }],
    ['a key without a name', { WIFI_SECRET_KEYS: SECRET }],
    ['a key behind a good one', { WIFI_SECRET_KEYS: `a:${KEY},b:${SECRET}` }],
    ['good secrets beside another fault', { DATABASE_URL: `postgres://u:${SECRET}@h/d`, PORT: 'x' }],
    ['a good key ring beside another fault', { WIFI_SECRET_KEYS: `a:${KEY}`, PORT: 'x' }],
    ['a key that is repeated', { WIFI_SECRET_KEYS: `a:${KEY},a:${KEY}` }],
  ])('%s', (_, env) => {
    const message = faultsOf(env);
    expect(message).not.toContain(SECRET);
    expect(message).not.toContain(KEY);
  });
});
