import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { type Southbound, startSouthbound } from '../support/southbound.js';

const CLAIMS = 'database_statement_duration_seconds_count{statement="claim-jobs"}';

describe('a gateway on which nothing happens', () => {
  let gateway: TestGateway;
  let southbound: Southbound;
  let client: pg.Client;
  const notified: string[] = [];
  beforeAll(async () => {
    southbound = await startSouthbound();
    gateway = await startTestGateway({ ...southbound.env, JOB_DAYS: '30', SHUTDOWN_GRACE_MS: '0' });
    client = new pg.Client({ connectionString: gateway.env['DATABASE_URL'] });
    client.on('notification', ({ channel }) => notified.push(channel));
    await client.connect();
    await client.query('LISTEN device_change');
    await client.query('LISTEN provisioning_job');
  });
  afterAll(async () => {
    await client.end();
    await gateway.stop();
    await southbound.close();
  });
  /** Forgets what is notified of what was just done. */
  const settle = async (): Promise<void> => {
    await delay(500);
    notified.length = 0;
  };
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

  it('nor does what its worker does but for the ends of attempts: jobs are removed, leases renewed', async () => {
    southbound.answerWith(() => 'silence');
    const { id, customer } = await createDevice(gateway);
    const jobs = async (): Promise<readonly { due: Date }[]> =>
      (
        await gateway.sql.query<{ due: Date }>(
          'SELECT due_at AS due FROM provisioning_job WHERE device_id = $1 ORDER BY id',
          [id],
        )
      ).rows;
    await gateway.sql.query(
      `INSERT INTO provisioning_job (device_id, version, state, due_at, finished_at)
       SELECT $1, 1, 'APPLIED', now(), now() - interval '31 days' FROM generate_series(1, 2)`,
      [id],
    );
    await settle();
    // The newest stays.
    await expect.poll(async () => (await jobs()).length, { interval: 250 }).toBe(1);
    expect(notified).toEqual([]);

    const token = await gateway.token('MANAGER', customer);
    const update =
      'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { wifi: { ssid: "New" } }) { jobs } }';
    expect((await gateway.query(update, { token, variables: { id } })).errors).toEqual([]);
    await expect.poll(() => southbound.arrivals.length).toBe(1);
    await settle();
    const lease = (await jobs()).at(-1)?.due;
    await expect.poll(async () => (await jobs()).at(-1)?.due, { interval: 250 }).not.toEqual(lease);
    expect(notified).toEqual([]);
  });
});
