import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { build, start, startServer } from '../support/processes.js';
import { startSouthbound } from '../support/southbound.js';

const UPDATE = 'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "In time" }) { name } }';

let folder: string;
beforeAll(async () => {
  await build();
  folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('SIGTERM while requests and jobs run', () => {
  /** Makes the devices and their tokens: the server that is stopped shares its database and keys. */
  let home: TestGateway;
  beforeAll(async () => {
    home = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await home.stop();
  });

  it('finishes them, sends nobody new here meanwhile, and ends with exit code 0', async () => {
    const device = await createDevice(home);
    const token = await home.token('OWNER', device.customer);
    const server = await startServer({ ...home.env, PROVISIONING_WORKER: 'false' });
    const blocker = await home.sql.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM network_device WHERE id = $1 FOR UPDATE', [device.id]);
    const update = fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: UPDATE, variables: { id: device.id } }),
    });
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect.poll(async () => (await home.sql.query(waiting)).rowCount).toBe(1);

    const ended = server.end('SIGTERM');
    const ready = async (): Promise<unknown> => {
      const { status, headers } = await fetch(new URL('/health/ready', server.url));
      return [status, headers.get('connection')];
    };
    await expect.poll(ready, { interval: 10 }).toEqual([503, 'close']);
    const refused = async (): Promise<unknown> =>
      await fetch(server.url).then(
        () => false,
        () => true,
      );
    await expect.poll(refused).toBe(true);
    expect(server.child.exitCode).toBeNull();
    await blocker.query('COMMIT');
    blocker.release();
    const answer = await update;
    expect(answer.headers.get('connection')).toBe('close');
    expect(await answer.json()).toEqual({ data: { updateNetworkDevice: { name: 'In time' } } });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(server.output.stdout).toContain('"msg":"stopped"');
  });

  it('is announced for SHUTDOWN_DELAY_MS first, while everything is still served', async () => {
    const device = await createDevice(home);
    const token = await home.token('OWNER', device.customer);
    const server = await startServer({ ...home.env, SHUTDOWN_DELAY_MS: '3000' });
    const ended = server.end('SIGTERM');
    const ready = async (): Promise<unknown> => {
      const { status, headers } = await fetch(new URL('/health/ready', server.url));
      return [status, headers.get('connection')];
    };
    await expect.poll(ready, { interval: 10 }).toEqual([503, 'keep-alive']);
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: UPDATE, variables: { id: device.id } }),
    });
    expect(answer.headers.get('connection')).toBe('keep-alive');
    expect(await answer.json()).toEqual({ data: { updateNetworkDevice: { name: 'In time' } } });
    expect(await ready()).toEqual([503, 'keep-alive']);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('a server with a database of its own writes nothing to stdout but lines of JSON', async () => {
    const server = await startServer({ ...home.env });
    const { stdout } = await server.end('SIGTERM');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines)
      expect(z.looseObject({ msg: z.string() }).safeParse(JSON.parse(line)).success).toBe(true);
  });

  it('an attempt that runs ends before the pool does: its outcome is stored', async () => {
    const southbound = await startSouthbound();
    let isAsked = false;
    southbound.answerWith(async () => {
      isAsked = true;
      await delay(1_500);
      return { status: 200 };
    });
    const device = await createDevice(home);
    const token = await home.token('OWNER', device.customer);
    const server = await startServer({ ...home.env, ...southbound.env });
    try {
      await home.query(UPDATE.replace('name: "In time"', 'wifi: { ssid: "New" }'), {
        token,
        variables: { id: device.id },
      });
      await expect.poll(() => isAsked).toBe(true);
      expect(await server.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
      const { rows } = await home.sql.query('SELECT state::text FROM provisioning_job WHERE device_id = $1', [
        device.id,
      ]);
      expect(rows).toEqual([{ state: 'APPLIED' }]);
    } finally {
      if (server.child.exitCode === null) await server.end('SIGKILL');
      await southbound.close();
    }
  });
});

describe('an error that nobody caught', () => {
  const line = z.object({ level: z.literal('fatal'), cause: z.object({ code: z.literal('23505') }) });

  it.each([
    ['thrown', 'setImmediate(() => { throw error; });'],
    ['rejected', 'void Promise.reject(error);'],
  ])('%s: one line of the log without its message and properties, and exit code 1', async (_, crash) => {
    const script = `
      const { createLog } = await import('./dist/logging/log.js');
      const { logCrashes } = await import('./dist/commands/crash-log.js');
      logCrashes(createLog('info'));
      const error = Object.assign(new Error('Zq7canaryW9'), { code: '23505', detail: 'Key (Zq7canaryW9)' });
      ${crash}
      setTimeout(() => undefined, 5_000);`;
    const { code, stdout, stderr } = await start(['--input-type=module', '-e', script], {}).ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).not.toContain('Zq7canaryW9');
    expect(line.safeParse(JSON.parse(stdout)).success).toBe(true);
  });
});
