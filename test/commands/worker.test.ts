import { createServer } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { build, commandPath, start } from '../support/processes.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import { isSettled, progressIn, update, waitFor } from '../api/provisioning/provisioning.js';

const readyLine = z.object({ msg: z.literal('worker ready'), url: z.url().optional() });

describe('npm run worker', () => {
  let southbound: Southbound;
  let gateway: TestGateway;
  beforeAll(async () => {
    await build();
    southbound = await startSouthbound();
    gateway = await startTestGateway({ ...southbound.env, PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
    await southbound.close();
  });

  const startWorker = (env: Readonly<Record<string, string>>) =>
    start([commandPath('worker')], { ...gateway.env, ...southbound.env, ...env });

  /** The worker's URL, once it is ready. */
  async function urlOf({ output }: ReturnType<typeof startWorker>): Promise<string | undefined> {
    const ready = () =>
      output.stdout
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => readyLine.safeParse(JSON.parse(line)).data)
        .find((line) => line !== undefined);
    await expect.poll(ready).toBeDefined();
    return ready()?.url;
  }

  const statusOf = async (url: string, path: string): Promise<unknown> => {
    const response = await fetch(new URL(path, url));
    return [response.status, response.headers.get('content-type')?.includes('json')];
  };

  it('serves health and metrics on WORKER_PORT, and nothing else', async () => {
    const worker = startWorker({ WORKER_PORT: '0' });
    const url = (await urlOf(worker)) ?? '';
    expect(await statusOf(url, '/health/live')).toEqual([200, true]);
    expect(await statusOf(url, '/health/ready')).toEqual([200, true]);
    for (const path of ['/', '/graphql', '/explorer', `/network/device/${'a'.repeat(24)}`]) {
      expect(await statusOf(url, path)).toEqual([404, true]);
    }
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    southbound.answerWith(() => ({ status: 409, body: { error: 'No.' } }));
    progressIn(await update(gateway, token, device.id, { wifi: { ssid: 'New' } }));
    await waitFor(gateway, token, device.id, isSettled);
    const metrics = await metricsOf({ url });
    expect(metrics.get('provisioning_tries_total{outcome="failed"}')).toBe(1);
    expect(metrics.get('provisioning_jobs_failed_total{why="refused"}')).toBe(1);
    expect(metrics.get('provisioning_jobs_open{state="running"}')).toBeGreaterThanOrEqual(0);
    expect(metrics.get('database_statement_duration_seconds_count{statement="claim-jobs"}')).toBeGreaterThan(
      0,
    );
    expect(await worker.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
    expect(worker.output.stdout).toContain('provisioning job failed');
  });

  it('says that it is not ready while it stops, and while the database is away', async () => {
    const proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    const databaseUrl = new URL(gateway.env['DATABASE_URL'] ?? '');
    databaseUrl.port = String(proxy.port);
    const worker = startWorker({ WORKER_PORT: '0', DATABASE_URL: databaseUrl.href, LOG_LEVEL: 'info' });
    const url = (await urlOf(worker)) ?? '';
    await proxy.close();
    await expect.poll(async () => await statusOf(url, '/health/ready')).toEqual([503, true]);
    expect(await statusOf(url, '/health/live')).toEqual([200, true]);
    await proxy.open();
    await expect.poll(async () => await statusOf(url, '/health/ready')).toEqual([200, true]);
    const release = southbound.hold();
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    progressIn(await update(gateway, token, device.id, { wifi: { ssid: 'New' } }));
    await expect.poll(() => southbound.arrivals.some(({ deviceId }) => deviceId === device.id)).toBe(true);
    const ended = worker.end('SIGTERM');
    await expect.poll(async () => await statusOf(url, '/health/ready')).toEqual([503, true]);
    release();
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    await proxy.close();
  });

  it('waits at its end for nobody who has begun a request', async () => {
    const worker = startWorker({ WORKER_PORT: '0' });
    const { hostname, port } = new URL((await urlOf(worker)) ?? '');
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise<void>((resolve) =>
      socket.write('GET /health/live HTTP/1.1\r\nHost: a', () => {
        resolve();
      }),
    );
    expect(await worker.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  it('serves nothing where WORKER_PORT is not set', async () => {
    const worker = startWorker({});
    expect(await urlOf(worker)).toBeUndefined();
    expect(await worker.end('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  });

  it('a port that is taken ends the start with its name', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const { code, stderr } = await startWorker({ WORKER_PORT: port }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^WORKER_PORT ${port} on 127.0.0.1 is in use`));
    server.close();
  });
});
