import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { faultOf } from './create-network-device/create.js';
import { codesOf } from './delete-network-device/delete.js';
import { changes, revert, settingsAt } from './history/history.js';
import { update } from './provisioning/provisioning.js';

describe('the values of changes', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ HISTORY_DAYS: '0.5' });
    device = await createDevice(gateway);
    token = await gateway.token('OWNER', device.customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('are removed when their time is over, and not shown from then on; who did what stays', async () => {
    for (const name of ['2', '3', '4']) await update(gateway, token, device.id, { name });
    const at = await settingsAt(gateway, token, device.id, [1, 2, 3, 4]);
    const entries = `SELECT version, action, paths, subject, customer_id, old_values IS NULL AS is_erased FROM device_audit
      WHERE device_id = $1 ORDER BY id`;
    const { rows: before } = await gateway.sql.query<object>(entries, [device.id]);
    await gateway.sql.query(
      `UPDATE device_audit SET at = now() - CASE WHEN version <= 2 THEN 13 ELSE 11 END * interval '1 hour' WHERE device_id = $1`,
      [device.id],
    );
    const shown = async (): Promise<void> => {
      expect(await settingsAt(gateway, token, device.id, [1, 2, 3, 4])).toEqual([null, ...at.slice(1)]);
      const found = await changes(gateway, token, device.id);
      expect(found.map((change) => [change.before !== null, change.after !== null, change.by])).toEqual([
        [true, true, 'test-OWNER'],
        [true, true, 'test-OWNER'],
        [false, false, 'test-OWNER'],
        [false, false, 'import'],
      ]);
      expect(faultOf(await revert(gateway, token, device.id, { toVersion: 1 }))).toEqual([
        'INVALID_VALUE',
        'toVersion',
      ]);
    };
    await shown();
    const expected = before.map((entry, index) => ({ ...entry, is_erased: index < 2 }));
    await expect
      .poll(async () => (await gateway.sql.query<object>(entries, [device.id])).rows, {
        interval: 250,
      })
      .toEqual(expected);
    await shown();
    const metrics = await (await fetch(new URL('/metrics', gateway.url))).text();
    expect(metrics).toContain('device_gateway_removed_total{what="history"} 2');
    expect(codesOf(await revert(gateway, token, device.id, { toVersion: 2 }))).toEqual([]);
  });
});

describe('jobs and entries of the audit trail whose time is over', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let other: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway({ JOB_DAYS: '30', AUDIT_DAYS: '0.5' });
    device = await createDevice(gateway);
    other = await createDevice(gateway);
    await gateway.sql.query('DELETE FROM device_audit');
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function ids(table: string): Promise<readonly string[]> {
    const { rows } = await gateway.sql.query<{ id: string }>(`SELECT id::text FROM ${table} ORDER BY id`);
    return rows.map(({ id }) => id);
  }

  async function addJob(id: string, state: string, ageDays: number | null): Promise<string> {
    const { rows } = await gateway.sql.query<{ id: string }>(
      `INSERT INTO provisioning_job (device_id, version, state, due_at, finished_at)
       VALUES ($1, 1, $2::provisioning_job_state, 'infinity', now() - $3 * interval '1 day') RETURNING id::text`,
      [id, state, ageDays],
    );
    return rows[0]?.id ?? '';
  }

  it('are removed by the workers and counted; the newest job of a device and an open one stay', async () => {
    await addJob(device.id, 'APPLIED', 31);
    await addJob(device.id, 'FAILED', 400);
    await addJob(device.id, 'SUPERSEDED', 31);
    const kept = [
      await addJob(device.id, 'APPLIED', 29),
      await addJob(device.id, 'QUEUED', null),
      await addJob(device.id, 'APPLIED', 31),
      await addJob(other.id, 'APPLIED', 31),
    ];
    const entry = `INSERT INTO device_audit (at, device_id, version, action, paths, subject, request_id)
      VALUES (now() - $2 * interval '1 hour', $1, 1, 'UPDATE', '{name}', 'somebody', 'request') RETURNING id::text`;
    await gateway.sql.query(entry, [device.id, 13]);
    const { rows: young } = await gateway.sql.query<{ id: string }>(entry, [device.id, 11]);
    await gateway.sql.query(
      `INSERT INTO catalog_audit (at, object_type, object_id, action, paths, subject, request_id)
       VALUES (now() - interval '1 day', 'CUSTOMER', $1, 'SYNC', '{name}', 'somebody', 'request')`,
      [device.customer],
    );
    const patience = { interval: 250 };
    await expect.poll(async () => await ids('provisioning_job'), patience).toEqual(kept);
    await expect.poll(async () => await ids('catalog_audit'), patience).toEqual([]);
    await expect.poll(async () => await ids('device_audit'), patience).toEqual(young.map(({ id }) => id));
    const removed = async (): Promise<readonly string[]> => {
      const metrics = await (await fetch(new URL('/metrics', gateway.url))).text();
      return metrics.match(/(?<=^device_gateway_removed_total\{what=)"(jobs|audit)"\} \d+$/gm) ?? [];
    };
    await expect.poll(removed).toEqual(expect.arrayContaining(['"jobs"} 3', '"audit"} 2']));
  }, 240_000);
});
