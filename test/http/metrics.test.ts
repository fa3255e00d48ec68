import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';

const READ = 'query SomeName ($id: ID!) { networkDevice(id: $id) { name wifi { password } } }';

describe('GET /metrics', () => {
  let proxy: TcpProxy;
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    proxy = await startTcpProxy(Number(new URL(inject('serverUrl')).port || 5432));
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'true' }, proxy.port);
    device = await createDevice(gateway);
    token = await gateway.token('OWNER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
    await proxy.close();
  });

  /** How much each metric rises while something is done. */
  async function risen(work: () => Promise<unknown>): Promise<(metric: string) => number> {
    const before = await metricsOf(gateway);
    await work();
    const after = await metricsOf(gateway);
    return (metric) => (after.get(metric) ?? 0) - (before.get(metric) ?? 0);
  }
  const read = async (id = device.id) => await gateway.query(READ, { token, variables: { id } });

  it('needs no token and knows the process', async () => {
    const metrics = await metricsOf(gateway);
    expect(metrics.get('process_resident_memory_bytes')).toBeGreaterThan(0);
    expect(metrics.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    expect(metrics.get('http_requests_in_flight')).toBe(1);
    expect(metrics.get('subscriptions_open')).toBe(0);
  });

  it('requests by method, route and status; a path that clients make up is no label', async () => {
    const page = `/network/device/${device.id}`;
    const rise = await risen(async () => {
      await fetch(new URL(page, gateway.url));
      await fetch(new URL(`${page}?query=x`, gateway.url), { method: 'PUT' });
      await fetch(new URL('/made/up', gateway.url));
      await read();
    });
    const requests = (labels: string) => rise(`http_request_duration_seconds_count{${labels}}`);
    expect(requests('method="GET",route="/network/device/:id",status="4xx"')).toBe(1);
    expect(requests('method="other",route="/network/device/:id",status="4xx"')).toBe(1);
    expect(requests('method="GET",route="other",status="4xx"')).toBe(1);
    expect(requests('method="POST",route="/graphql",status="2xx"')).toBe(1);
    const labels = 'method="POST",route="/graphql",status="2xx"';
    expect(rise(`http_request_duration_seconds_count{${labels}}`)).toBe(1);
    expect(rise(`http_request_duration_seconds_bucket{le="+Inf",${labels}}`)).toBe(1);
  });

  it('operations and errors by code, whoever answered them', async () => {
    const rise = await risen(async () => {
      await read();
      await read('nope');
      await gateway.query('{ syntax', { token });
      await gateway.query('{ nope }', { token });
      await gateway.query(
        'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { macAddress: "x" }) { id } }',
        { token, variables: { id: device.id } },
      );
      await fetch(new URL(`/network/device/${device.id}`, gateway.url));
      await fetch(gateway.url, {
        method: 'POST',
        body: '{',
        headers: { 'content-type': 'application/json' },
      });
    });
    const operations = (type: string, outcome: string) =>
      rise(`graphql_operations_total{type="${type}",outcome="${outcome}"}`);
    expect(operations('query', 'OK')).toBe(1);
    expect(operations('query', 'ACCESS_DENIED')).toBe(1);
    expect(operations('unknown', 'GRAPHQL_PARSE_FAILED')).toBe(1);
    expect(operations('unknown', 'GRAPHQL_VALIDATION_FAILED')).toBe(1);
    expect(operations('mutation', 'INVALID_VALUE')).toBe(1);
    expect(rise('errors_total{code="ACCESS_DENIED"}')).toBe(1);
    expect(rise('errors_total{code="UNAUTHENTICATED"}')).toBe(1);
    expect(rise('errors_total{code="BAD_REQUEST"}')).toBe(1);
  });

  it('statements by name, and the pool', async () => {
    const rise = await risen(async () => {
      await read();
      await gateway.query('{ deviceModels { id } }', { token });
    });
    expect(rise('database_statement_duration_seconds_count{statement="read-devices"}')).toBe(1);
    expect(rise('database_statement_duration_seconds_count{statement="prisma"}')).toBeGreaterThan(0);
    const metrics = await metricsOf(gateway);
    expect(metrics.get('database_connections{state="idle"}')).toBeGreaterThan(0);
    expect(metrics.get('database_connections{state="busy"}')).toBeGreaterThanOrEqual(0);
    expect(metrics.get('database_waiting')).toBe(0);
  });

  it('provisioning: attempts by outcome, open jobs by state', async () => {
    const before = (await metricsOf(gateway)).get('provisioning_tries_total{outcome="applied"}') ?? 0;
    await gateway.query(
      'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { wifi: { ssid: "New" } }) { id } }',
      { token, variables: { id: device.id } },
    );
    const applied = async (): Promise<unknown> =>
      (await metricsOf(gateway)).get('provisioning_tries_total{outcome="applied"}');
    await expect.poll(applied).toBe(before + 1);
    const metrics = await metricsOf(gateway);
    expect(metrics.get('provisioning_jobs_open{state="queued"}')).toBeGreaterThanOrEqual(0);
    expect(metrics.get('provisioning_jobs_open{state="running"}')).toBeGreaterThanOrEqual(0);
  });

  it('holds nothing of clients and devices: no id, no name, no token', async () => {
    await fetch(new URL(`/network/device/${device.id}`, gateway.url));
    const text = [...(await metricsOf(gateway)).keys()].join('\n');
    expect(text).toContain('/network/device/:id');
    for (const secret of [device.id, device.customer, 'SomeName', 'test-OWNER', token, 'made']) {
      expect(text).not.toContain(secret);
    }
  });

  it('answers while the database is away, without what it would have to ask there', async () => {
    await proxy.close();
    try {
      const metrics = async () => await metricsOf(gateway);
      await expect
        .poll(async () => (await metrics()).has('provisioning_jobs_open{state="queued"}'), {
          interval: 500,
        })
        .toBe(false);
      expect((await metrics()).has('http_requests_in_flight')).toBe(true);
    } finally {
      await proxy.open();
    }
  });

  it('another gateway of the same process has its own', async () => {
    const other = await startTestGateway();
    try {
      await read();
      const labels = 'graphql_operations_total{type="query",outcome="OK"}';
      expect((await metricsOf(gateway)).get(labels)).toBeGreaterThan(0);
      expect((await metricsOf(other)).get(labels)).toBeUndefined();
    } finally {
      await other.stop();
    }
  });
});
