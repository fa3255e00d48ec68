import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway, type Twin } from '../support/gateway.js';
import { connect, Subscriber, touch } from './subscriber.js';

const CHANGES = 300;

describe('a database that was restored into a cluster whose transaction ids are lower', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway();
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** Adds rows as pg_restore does: with the transaction ids that they had, which are those of the next transactions here. */
  const restore = async (rows = 5_000): Promise<void> => {
    await gateway.sql.query(
      `INSERT INTO device_change (xid, device_id)
       SELECT pg_current_xact_id()::text::bigint + ahead, $1 FROM generate_series(1, $2::integer) ahead`,
      [device.id, rows],
    );
  };
  const kept = async (condition: string): Promise<unknown> =>
    (await gateway.sql.query(`SELECT count(*)::integer AS rows FROM device_change WHERE ${condition}`))
      .rows[0];

  it('subscribers hear nothing old and every new change once, while the ids of the rows are passed', async () => {
    await restore();
    const token = await gateway.token('MANAGER', device.customer);
    const twin: Twin = await gateway.startTwin();
    const subscribers = [
      await connect(gateway, token),
      await Subscriber.connect(twin, { authorization: `Bearer ${token}` }),
    ];
    for (const subscriber of subscribers) await subscriber.watch('1', { ids: [device.id] });
    for (let count = 1; count <= CHANGES; count += 1) {
      // No prune reaches these in time.
      if (count % 100 === 50) await restore();
      await touch(gateway, [device.id], `Change ${count}`);
    }
    for (const subscriber of subscribers) await subscriber.receives('1', CHANGES);
    // What is wrongly taken for new would come with the next heartbeats.
    await delay(1_500);
    for (const subscriber of subscribers) expect(subscriber.events('1')).toHaveLength(CHANGES);
    await twin.stop();
    for (const subscriber of subscribers) subscriber.close();
  });

  it('the rows whose transactions lie ahead are deleted by the next start, and no others', async () => {
    // More than one statement deletes.
    await restore(25_000);
    await touch(gateway, [device.id]);
    const ahead = 'xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint';
    const own = '(xid & 4294967295)::text = xmin::text';
    const before = await kept(own);
    const twin = await gateway.startTwin();
    await expect.poll(async () => await kept(ahead)).toEqual({ rows: 0 });
    expect(await kept(own)).toEqual(before);
    await twin.stop();
  });

  it('a change that was written in a subtransaction is none of them', async () => {
    const subscriber = await connect(gateway, await gateway.token('MANAGER', device.customer));
    await subscriber.watch('1', { ids: [device.id] });
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query('SAVEPOINT inside');
    await client.query('INSERT INTO device_change (device_id) VALUES ($1)', [device.id]);
    await client.query('RELEASE inside');
    await client.query('COMMIT');
    client.release();
    expect(await subscriber.receives('1', 1)).toHaveLength(1);
    subscriber.close();
  });
});
