import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const RULES = 'docs/operations/alerts.yml';
const hasPromtool = existsSync('/usr/bin/promtool');

const dashboard = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })),
});

/** What an expression of Prometheus asks for: a name before labels, a range, or an end. */
function metricsIn(text: string): readonly string[] {
  return [
    ...text.matchAll(
      /\b(?:device_gateway|provisioning|database|http|graphql|subscriptions|process|nodejs)_\w+/g,
    ),
  ].map(([name]) => name.replace(/_(bucket|count|sum)$/, ''));
}

describe('metrics, for Prometheus', () => {
  let gateway: TestGateway;
  let text: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ ACCESS_LOG: 'true', PROVISIONING_WORKER: 'false' });
    text = await (await fetch(new URL('/metrics', gateway.url))).text();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const families = (): readonly string[] => text.split(/\n(?=# HELP )/);
  const current = (): string =>
    families()
      .filter((family) => !family.includes('Deprecated:'))
      .join('\n');

  it.skipIf(!hasPromtool)('promtool finds nothing to object to in the names of this release', () => {
    // It exits with 3 when it objects, and says what to.
    execFileSync('promtool', ['check', 'metrics'], { input: `${current().trimEnd()}\n`, stdio: 'pipe' });
  });

  it('what was renamed is there under both names, with the same values', async () => {
    const old = families().filter((family) => family.includes('Deprecated:'));
    const names = old.map((family) => /^# HELP (\S+)/.exec(family)?.[1]).sort();
    expect(names).toEqual([
      'errors_total',
      'nodejs_active_handles_total',
      'nodejs_active_requests_total',
      'nodejs_active_resources_total',
    ]);
    await gateway.query('{ nope }');
    const after = await (await fetch(new URL('/metrics', gateway.url))).text();
    const line = /^errors_total(\{.*)$/m.exec(after)?.[1];
    expect(line).toBeDefined();
    expect(after).toContain(`\ndevice_gateway_errors_total${line ?? ''}\n`);
  });

  it('say what runs, how large its tables are, and how old its queue is', () => {
    expect(text).toMatch(/^device_gateway_build_info\{version="\d+\.\d+\.\d+",revision="\w+",node="v\d+/m);
    expect(text).toMatch(/^device_gateway_table_bytes\{table="network_device"\} [1-9]/m);
    expect(text).toMatch(/^device_gateway_oldest_due_job_age_seconds 0$/m);
  });

  it('a job that is due ages', async () => {
    const { id } = await createDevice(gateway);
    await gateway.sql.query(
      `INSERT INTO provisioning_job (device_id, version, due_at) VALUES ($1, 1, now() - interval '10 minutes')`,
      [id],
    );
    const age = async (): Promise<number> => {
      const page = await (await fetch(new URL('/metrics', gateway.url))).text();
      return Number(/^device_gateway_oldest_due_job_age_seconds (.*)$/m.exec(page)?.[1]);
    };
    await expect.poll(age).toBeGreaterThanOrEqual(600);
  });

  it('alert rules and the dashboard name nothing that is not served', () => {
    const panels = dashboard.parse(JSON.parse(readFileSync('docs/operations/dashboard.json', 'utf8'))).panels;
    const expressions = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const rules = readFileSync(RULES, 'utf8').matchAll(/expr: (.*)$/gm);
    const asked = new Set([...expressions, ...[...rules].map(([, expr = '']) => expr)].flatMap(metricsIn));
    expect(asked.size).toBeGreaterThan(15);
    const served = new Set([...current().matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
    expect([...asked].filter((name) => !served.has(name))).toEqual([]);
  });

  it('each alert has its place in the runbook', () => {
    const alerts = [...readFileSync(RULES, 'utf8').matchAll(/alert: (\w+)/g)].map(([, name]) => name);
    const places = [...readFileSync('docs/operations/monitoring.md', 'utf8').matchAll(/^### (\w+)$/gm)];
    expect(places.map(([, name]) => name)).toEqual(alerts);
  });

  it.skipIf(!hasPromtool)('the rules are right, and each alert fires for what it is about', () => {
    execFileSync('promtool', ['check', 'rules', RULES], { stdio: 'pipe' });
    const tests = ['docs/operations/alerts.test.yml', 'docs/operations/alerts-of-days.test.yml'];
    execFileSync('promtool', ['test', 'rules', ...tests], { stdio: 'pipe' });
  });

  it('with ACCESS_LOG a request leaves a line that names no id and no query', async () => {
    const response = await fetch(new URL(`/network/device/${'a'.repeat(24)}?x=secret`, gateway.url));
    await response.text();
    const line = (): string | undefined =>
      gateway.logLines.find(
        (text) => text.includes('"event":"access"') && text.includes('/network/device/:id'),
      );
    await expect.poll(line).toBeDefined();
    expect(JSON.parse(line() ?? '')).toMatchObject({
      method: 'GET',
      route: '/network/device/:id',
      status: 401,
      isAborted: false,
      requestId: response.headers.get('x-request-id'),
    });
    expect(line()).not.toMatch(/secret|aaaa/);
  });
});
