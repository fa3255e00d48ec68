import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';
import { reported } from './report.js';

// A report that changes what no index holds leaves all indexes alone (HOT), which is most of what it would cost.

const COUNTS = `SELECT n_tup_upd::integer AS written, n_tup_hot_upd::integer AS hot
  FROM pg_stat_xact_user_tables WHERE relname = 'device_status'`;
const counts = z.tuple([z.object({ written: z.int(), hot: z.int() })]);

const HOUR_MS = 3_600_000;
const FIRST = Date.parse('2026-03-01T00:00:00Z');

let gateway: TestGateway;
let device: TestDevice;
const spy = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  device = await createDevice(gateway, { status: null });
  const values = { online: true, wanIp: '192.0.2.1', lastComm: new Date(FIRST).toISOString() };
  await reported(gateway, device, values);
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

/** Runs the statement of a report again, with other moments, in one transaction that is undone. @returns rows that were written, and those whose indexes were left alone */
async function writtenAt(hours: readonly number[]): Promise<z.infer<typeof counts>[0]> {
  const moment = new Date(FIRST + HOUR_MS / 2).toISOString();
  spy.clear();
  await reported(gateway, device, { online: true, upTime: 5, lastComm: moment });
  const statement = spy.statements().find(({ text }) => text.includes('INSERT INTO device_status'));
  const report = String(statement?.values[0]);
  expect(report).toContain(moment);
  const client = await gateway.sql.connect();
  // Counts of transactions before may still be among them.
  const counted = async () => counts.parse((await client.query<object>(COUNTS)).rows)[0];
  try {
    await client.query('BEGIN');
    const before = await counted();
    for (const hour of hours) {
      const later = new Date(FIRST + hour * HOUR_MS).toISOString();
      await client.query(statement?.text ?? '', [report.replaceAll(moment, later)]);
    }
    const after = await counted();
    return { written: after.written - before.written, hot: after.hot - before.hot };
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

it('reports of a day write no index', async () => {
  const hours = Array.from({ length: 20 }, (_, index) => 1 + index);
  expect(await writtenAt(hours)).toEqual({ written: 20, hot: 20 });
});

it('reports of ten days write indexes once a day', async () => {
  const hours = Array.from({ length: 40 }, (_, index) => 6 * (1 + index));
  expect(await writtenAt(hours)).toEqual({ written: 40, hot: 32 });
});
