import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, runCommand } from '../support/processes.js';
import { textLike } from '../support/matchers.js';

const CUSTOMER = '12345678901234567890CCCC';

describe('npm run token prints a token of the local issuer, alone on stdout', () => {
  let dataDir: string;
  beforeAll(async () => {
    await build();
    dataDir = await mkdtemp(join(tmpdir(), 'device gateway test '));
  });
  afterAll(async () => {
    await rm(dataDir, { recursive: true, force: true });
  });

  const token = async (args: readonly string[], env: Record<string, string> = {}) =>
    await runCommand('token', args, { DATA_DIR: dataDir, ...env });
  const GOOD = ['--level', 'MANAGER', '--customer', CUSTOMER];

  it('with the claims of section 4, for 15 minutes', async () => {
    const { code, stdout, stderr } = await token(GOOD);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const { exp = 0, iat = 0, ...claims } = decodeJwt(stdout.trim());
    expect(claims).toMatchObject({
      sub: textLike(/./),
      customer: CUSTOMER.toLowerCase(),
      accessLevel: 'MANAGER',
      iss: textLike(/./),
      aud: textLike(/./),
    });
    expect(exp - iat).toBe(900);
  });

  it('with a subject and a time to live', async () => {
    const { stdout } = await token([...GOOD, '--subject', 'employee-9', '--ttl', '2h']);
    const { sub, exp = 0, iat = 0 } = decodeJwt(stdout.trim());
    expect([sub, exp - iat]).toEqual(['employee-9', 7_200]);
  });

  it.each(['status:report', 'customer:sync'])('with the scope %s alone', async (scope) => {
    const { code, stdout, stderr } = await token(['--scope', scope, '--subject', 'collector-1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { exp = 0, iat = 0, iss: _, aud: __, ...claims } = decodeJwt(stdout.trim());
    expect(claims).toEqual({ sub: 'collector-1', scope });
    expect(exp - iat).toBe(900);
  });

  it('with a scope beside level and customer, or one of them', async () => {
    const scope = ['--scope', 'status:report'];
    const { stdout } = await token([...GOOD, ...scope]);
    const customer = CUSTOMER.toLowerCase();
    expect(decodeJwt(stdout.trim())).toMatchObject({
      scope: 'status:report',
      accessLevel: 'MANAGER',
      customer,
    });
    const { stdout: level } = await token([...scope, '--level', 'ADMIN']);
    expect(decodeJwt(level.trim())).toMatchObject({ scope: 'status:report', accessLevel: 'ADMIN' });
    const { stdout: owned } = await token([...scope, '--customer', CUSTOMER]);
    expect(decodeJwt(owned.trim())).toMatchObject({ scope: 'status:report', customer });
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no arguments', [], /--level/],
    ['no customer', ['--level', 'OWNER'], /--customer/],
    ['an unknown level', ['--level', 'ROOT', '--customer', CUSTOMER], /--level.*RESELLER_ADMIN/],
    ['a level in lower case', ['--level', 'owner', '--customer', CUSTOMER], /--level/],
    ['a customer that is no id', ['--level', 'OWNER', '--customer', '42'], /--customer/],
    ['a bad ttl', [...GOOD, '--ttl', 'soon'], /--ttl/],
    ['a ttl of nothing', [...GOOD, '--ttl', '0m'], /--ttl/],
    ['an empty subject', [...GOOD, '--subject', ''], /--subject/],
    ['an unknown scope', [...GOOD, '--scope', 'status:write'], /--scope.*status:report/],
    ['an empty scope', ['--scope', ''], /--scope/],
    ['a scope and an unknown level', ['--scope', 'status:report', '--level', 'ROOT'], /--level/],
    ['a scope and a bad customer', ['--scope', 'status:report', '--customer', '42'], /--customer/],
    ['an unknown option', [...GOOD, '--force'], /--force/],
    ['a word too much', [...GOOD, 'please'], /please/],
  ])('%s: exit code 1 and how it is used', async (_, args, problem) => {
    const { code, stdout, stderr } = await token(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(problem);
    expect(stderr).toContain('npm run token -- --level');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'AUTH_JWKS_URL',
      { AUTH_JWKS_URL: 'https://issuer.example/jwks', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a' },
      /AUTH_JWKS_URL/,
    ],
    [
      'AUTH_VALIDATE_TOKEN_URL',
      { AUTH_VALIDATE_TOKEN_URL: 'https://api.example/auth/validateToken' },
      /AUTH_VALIDATE_TOKEN_URL/,
    ],
    ['NODE_ENV=production', { NODE_ENV: 'production' }, /NODE_ENV/],
    [
      'NODE_ENV=production with all that it needs',
      {
        NODE_ENV: 'production',
        AUTH_JWKS_URL: 'https://issuer.example/jwks',
        AUTH_ISSUER: 'i',
        AUTH_AUDIENCE: 'a',
        DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d',
        WIFI_SECRET_KEYS: `a:${'A'.repeat(43)}=`,
        PROVISIONING_URL: 'https://devices.example/',
        PROVISIONING_SECRET: 'x'.repeat(64),
      },
      /AUTH_JWKS_URL|NODE_ENV/,
    ],
  ])('is refused with %s', async (_, env, problem) => {
    const { code, stdout, stderr } = await token(GOOD, env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(problem);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
