import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { STOP_WAITS } from '../../src/http/server.js';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

async function probe({ url }: TestGateway, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(new URL(path, url));
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, body: await response.json() };
}

const READY = { status: 200, body: { status: 'ok' } };
const AWAY = { status: 503, body: { status: 'unavailable', reason: 'database' } };

describe('health and the database', () => {
  let proxy: TcpProxy;
  let gateway: TestGateway;
  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, proxy.port, {
      heartbeatMs: 600_000,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.close();
  });

  it('is well while the database is there', async () => {
    expect(await probe(gateway, '/health/live')).toEqual(READY);
    expect(await probe(gateway, '/health/ready')).toEqual(READY);
  });

  it('is not ready while the database is away, alive nevertheless, and ready again afterwards', async () => {
    await proxy.close();
    const [away, alive] = [await probe(gateway, '/health/ready'), await probe(gateway, '/health/live')];
    await proxy.open();
    expect(away).toEqual(AWAY);
    expect(alive).toEqual(READY);
    await expect.poll(async () => await probe(gateway, '/health/ready')).toEqual(READY);
  });

  it('does not wait for a database that says nothing, and asks it once for many probes', async () => {
    await proxy.close();
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    silent.listen(proxy.port, '127.0.0.1');
    await once(silent, 'listening');
    const begin = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await probe(gateway, '/health/ready')),
    );
    const took = performance.now() - begin;
    silent.close();
    for (const socket of sockets) socket.destroy();
    await once(silent, 'close');
    await proxy.open();
    expect(answers).toEqual(answers.map(() => AWAY));
    expect(took).toBeLessThan(4_000);
    // One asks for the probes, one tries to hear of changes again.
    expect(sockets.length).toBeLessThanOrEqual(2);
    await expect.poll(async () => await probe(gateway, '/health/ready')).toEqual(READY);
  });
});

describe('while the gateway stops', () => {
  const startGateway = async (): Promise<TestGateway> =>
    await startTestGateway({}, undefined, { stopWaits: STOP_WAITS });
  const ASK = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
  const isRefused = async ({ url }: TestGateway): Promise<boolean> =>
    await fetch(new URL('/health/live', url)).then(
      () => false,
      () => true,
    );

  it('it is not ready, says so, finishes what it took on, and is gone', async () => {
    const gateway = await startGateway();
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    const blocker = await gateway.sql.connect();
    await blocker.query('BEGIN');
    await blocker.query('SELECT 1 FROM network_device WHERE id = $1 FOR UPDATE', [device.id]);
    const update = gateway.query(
      `mutation { updateNetworkDevice(id: "${device.id}", input: { name: "In time" }) { name } }`,
      { token },
    );
    const waiting = `SELECT count(*)::int AS count FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    await expect
      .poll(async () => (await gateway.sql.query<{ count: number }>(waiting)).rows)
      .toEqual([{ count: 1 }]);

    const stopped = gateway.stop();
    expect(await probe(gateway, '/health/ready')).toEqual({
      status: 503,
      body: { status: 'unavailable', reason: 'draining' },
    });
    const last = await fetch(new URL('/health/live', gateway.url));
    expect([last.status, last.headers.get('connection')]).toEqual([200, 'close']);
    await expect.poll(async () => await isRefused(gateway)).toBe(true);
    await blocker.query('COMMIT');
    blocker.release();
    expect((await update).data).toEqual({ updateNetworkDevice: { name: 'In time' } });
    // The connection of that request is not kept for a next one, which would hold the stop up.
    const begin = performance.now();
    await stopped;
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('a kept connection is heard once more, and one that says nothing is let go by the watch over slow clients', async () => {
    const gateway = await startGateway();
    const { hostname, port } = new URL(gateway.url);
    const [kept, silent] = [connect(Number(port), hostname), connect(Number(port), hostname)];
    await Promise.all([once(kept, 'connect'), once(silent, 'connect')]);
    kept.write(ASK);
    await once(kept, 'data');
    const stopped = gateway.stop();
    await expect.poll(async () => await isRefused(gateway)).toBe(true);
    kept.write(ASK);
    expect(await text(kept)).toMatch(/HTTP\/1.1 200 OK\r\n[^]*\r\nConnection: close\r\n/i);
    expect(await text(silent)).toMatch(/^HTTP\/1.1 408 /);
    await stopped;
  });
});
