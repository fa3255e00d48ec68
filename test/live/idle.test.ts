import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';

const CLAIMS = 'database_statement_duration_seconds_count{statement="claim-jobs"}';

describe('a gateway on which nothing happens', () => {
  let gateway: TestGateway;
  let client: pg.Client;
  const notified: string[] = [];
  beforeAll(async () => {
    gateway = await startTestGateway();
    client = new pg.Client({ connectionString: gateway.env['DATABASE_URL'] });
    client.on('notification', ({ channel }) => notified.push(channel));
    await client.connect();
    await client.query('LISTEN device_change');
    await client.query('LISTEN provisioning_job');
  });
  afterAll(async () => {
    await client.end();
    await gateway.stop();
  });
  const claims = async (): Promise<number> => (await metricsOf(gateway)).get(CLAIMS) ?? 0;

  it('notifies nobody, however often its worker looks for jobs; a change is notified', async () => {
    const before = await claims();
    await expect.poll(claims).toBeGreaterThanOrEqual(before + 2);
    expect(notified).toEqual([]);
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    const update =
      'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "New" }) { version } }';
    expect((await gateway.query(update, { token, variables: { id: device.id } })).errors).toEqual([]);
    await expect.poll(() => notified).toContain('device_change');
  });
});
