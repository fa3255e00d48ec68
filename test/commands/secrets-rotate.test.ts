import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { textLike } from '../support/matchers.js';
import { build, type Outcome, runCommand, startServer } from '../support/processes.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { wifi { password password5G } } }';
const STORED = { networkDevice: { wifi: { password: 'JohnConner', password5G: 'SarahConner' } } };

let folder: string;
beforeAll(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('npm run secrets:rotate, with the ring in WIFI_SECRET_KEYS', () => {
  const bytes = { old: randomBytes(32).toString('base64'), new: randomBytes(32).toString('base64') };
  const [OLD, NEW] = [`old:${bytes.old}`, `new:${bytes.new}`];
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway({ WIFI_SECRET_KEYS: OLD });
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function rotate(ring: string, ...args: string[]): Promise<Outcome> {
    const outcome = await runCommand('secrets-rotate', args, { ...gateway.env, WIFI_SECRET_KEYS: ring });
    for (const secret of [...Object.values(bytes), 'JohnConner', 'SarahConner', 'v1.']) {
      expect(outcome.stdout + outcome.stderr).not.toContain(secret);
    }
    return outcome;
  }
  const stored = async (): Promise<unknown> =>
    (await gateway.sql.query('SELECT wifi_password, wifi_password_5g FROM network_device')).rows;
  const checked = async (): Promise<readonly unknown[]> =>
    (await gateway.sql.query<{ key_id: string }>('SELECT key_id FROM secret_key_check ORDER BY 1')).rows.map(
      ({ key_id }) => key_id,
    );

  it('--check counts by key and changes no password', async () => {
    const before = await stored();
    const { code, stdout } = await rotate(`${NEW},${OLD}`, '--check');
    expect(stdout).toContain('key "new", the first of the ring: 0 passwords');
    expect(stdout).toContain('key "old": 2 passwords');
    expect(stdout).not.toContain('any more');
    expect(code).toBe(0);
    expect(await stored()).toEqual(before);
  });

  it.each([
    ['an option that is not known', ['--nope']],
    ['both options', ['--check', '--new-key']],
    ['a file', ['ring.txt']],
  ])('%s is answered with the usage', async (_, args) => {
    expect(await rotate(OLD, ...args)).toMatchObject({ code: 1, stderr: textLike(/Usage:/) });
  });

  it('--new-key is refused: running gateways could not read what such a key seals', async () => {
    const { code, stderr } = await rotate(OLD, '--new-key');
    expect(stderr).toContain('docs/secrets.md');
    expect(code).toBe(1);
  });

  it('a ring without the key that is needed is refused, and names it', async () => {
    const before = await stored();
    const { code, stderr } = await rotate(NEW);
    expect(stderr).toContain('"old"');
    expect(code).toBe(1);
    expect(await stored()).toEqual(before);
  });

  let formerSeal = '';

  it('seals with the first key, says which key is done with, and the ring does without it', async () => {
    const { rows } = await gateway.sql.query<{ seal: string }>(
      'SELECT wifi_password AS seal FROM network_device',
    );
    formerSeal = rows[0]?.seal ?? '';
    const { code, stdout, stderr } = await rotate(`${NEW},${OLD}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '2 of 2 devices and changes\n' });
    expect(stdout).toContain('passwords of 1 devices were sealed anew');
    expect(stdout).toContain('key "new", the first of the ring: 2 passwords');
    expect(stdout).toContain('Nothing is sealed with "old" any more');
    expect(await checked()).toEqual(['new']);
    const later = await startTestGateway({
      DATABASE_URL: gateway.env['DATABASE_URL'] ?? '',
      WIFI_SECRET_KEYS: NEW,
    });
    try {
      const token = await later.token('OWNER', device.customer);
      expect((await later.query(READ, { token, variables: { id: device.id } })).data).toEqual(STORED);
    } finally {
      await later.stop();
    }
  });

  it('a key that only the history of a device needs is named, and not dropped', async () => {
    await gateway.sql.query(
      "UPDATE device_audit SET old_values = jsonb_build_object('wifi_password', $1::text)",
      [formerSeal],
    );
    const { stdout: counted } = await rotate(`${OLD},${NEW}`, '--check');
    expect(counted).toContain(
      'key "old", the first of the ring: 0 passwords, and 1 in the history of devices',
    );
    expect(counted).not.toContain('"old" any more');
    const refused = await rotate(NEW);
    expect(refused.stderr).toContain('"old"');
    expect(refused.code).toBe(1);
    const { stdout, code } = await rotate(`${NEW},${OLD}`);
    expect(stdout).toContain(
      'passwords of 0 devices were sealed anew, and those in 1 changes of their history',
    );
    expect(stdout).toContain('Nothing is sealed with "old" any more');
    expect(code).toBe(0);
    expect(await checked()).toEqual(['new']);
  });

  it('a password that does not open ends it with exit code 1, named by its device and field', async () => {
    await gateway.sql.query('UPDATE network_device SET wifi_password = replace(wifi_password, $1, $2)', [
      'v1.new.',
      'v1.lost.',
    ]);
    const { code, stdout, stderr } = await rotate(`${NEW},${OLD}`);
    expect(stdout).toContain('key "lost", which is not in the ring: 1 passwords');
    expect(stderr).toContain(`device ${device.id}, wifi.password: `);
    expect(stderr).toContain('"lost"');
    expect(code).toBe(1);
  });
});

describe('npm run secrets:rotate, with the ring in DATA_DIR', () => {
  const ring = async (): Promise<readonly string[]> =>
    (await readFile(join(folder, 'data', 'wifi-secret-keys'), 'utf8'))
      .trim()
      .split(',')
      .map((entry) => entry.split(':')[0] ?? '');
  const rotate = async (...args: string[]): Promise<Outcome> =>
    await runCommand('secrets-rotate', args, { DATA_DIR: join(folder, 'data') });

  it('beside a server it counts, and makes no key; without one it makes a key and seals with it', async () => {
    const server = await startServer({ DATA_DIR: join(folder, 'data') });
    const first = await ring();
    try {
      const counted = await rotate('--check');
      expect(counted.stdout).toMatch(
        /^key "local-\w+", the first of the ring: [1-9]\d* passwords and the secret of idempotency keys\n$/,
      );
      expect(counted.code).toBe(0);
      const refused = await rotate('--new-key');
      expect(refused.stderr).toContain('DATA_DIR');
      expect(refused.code).toBe(1);
      expect(await ring()).toEqual(first);
    } finally {
      expect(await server.end('SIGTERM')).toMatchObject({ code: 0 });
    }
    const { code, stdout } = await rotate('--new-key');
    expect(code).toBe(0);
    const second = await ring();
    expect(second).toHaveLength(2);
    expect(second.slice(1)).toEqual(first);
    expect(stdout).toContain(`Nothing is sealed with "${first[0] ?? ''}" any more`);

    const again = await startServer({ DATA_DIR: join(folder, 'data') });
    const token = /^\s*OWNER\s+(\S+)\s*$/m.exec(again.output.stdout)?.[1] ?? '';
    try {
      const response = await fetch(again.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: READ, variables: { id: '12345678901234567890abcd' } }),
      });
      expect(await response.json()).toEqual({ data: STORED });
    } finally {
      expect(await again.end('SIGTERM')).toMatchObject({ code: 0 });
    }
  });
});
