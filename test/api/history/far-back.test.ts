import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceHistory } from '../../../src/persistence/devices/device-history.js';
import { SETTINGS_COLUMNS } from '../../../src/persistence/rows/settings-columns.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { update } from '../provisioning/provisioning.js';
import { changePage, settingsAt } from './history.js';

interface PlanNode {
  readonly 'Relation Name'?: string | undefined;
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}
const planNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Relation Name': z.string().optional(),
    'Node Type': z.string(),
    'Actual Rows': z.number(),
    'Actual Loops': z.number(),
    'Rows Removed by Filter': z.number().optional(),
    Plans: z.array(planNode).optional(),
  }),
);
const explained = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: planNode })]) })]);

/** Entries of the audit trail that a plan read. */
function entriesRead(node: PlanNode): number {
  const own =
    node['Relation Name'] === 'device_audit'
      ? (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      : 0;
  return (node.Plans ?? []).reduce((sum, inner) => sum + entriesRead(inner), own);
}

let gateway: TestGateway;
let token: string;
let customer: string;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

/** A device whose name is its version, as that many updates would leave it. */
async function deviceAt(version: number): Promise<string> {
  const { id } = await createDevice(gateway, { customer, name: '1' });
  const image = SETTINGS_COLUMNS.map((column) => `'${column}', d.${column}`).join(', ');
  await gateway.sql.query(
    `INSERT INTO device_audit (device_id, version, action, paths, subject, request_id, customer_id, old_values)
     SELECT d.id, v, 'UPDATE', '{name}', 'somebody', 'request', d.customer_id,
       CASE WHEN v % 64 = 0 THEN jsonb_build_object(${image}) ELSE '{}' END || jsonb_build_object('name', (v - 1)::text)
     FROM network_device d, generate_series(2, $2::integer) v WHERE d.id = $1 ORDER BY v`,
    [id, version],
  );
  await gateway.sql.query('UPDATE network_device SET version = $2::integer, name = $2::text WHERE id = $1', [
    id,
    version,
  ]);
  return id;
}

async function rowsRead(ask: 'changes' | 'versions', id: string, version: number): Promise<number> {
  let read = NaN;
  const history = deviceHistory(
    {
      run: async ({ text }, values) => {
        const client = await gateway.sql.connect();
        try {
          await client.query('SET enable_seqscan = off');
          const { rows } = await client.query<object>(`EXPLAIN (ANALYZE, FORMAT JSON) ${text}`, [...values]);
          const [{ 'QUERY PLAN': plans }] = explained.parse(rows);
          read = entriesRead(plans[0].Plan);
          return (await client.query<Record<string, unknown>>(text, [...values])).rows;
        } finally {
          await client.query('RESET enable_seqscan');
          client.release();
        }
      },
    },
    0,
  );
  const lookup = { id, reach: { kind: 'all' } as const };
  if (ask === 'changes') await history.changes([{ ...lookup, limit: 21, before: null, withValues: true }]);
  else await history.versions([{ ...lookup, version }]);
  return read;
}

describe('a device with 10,000 changes', () => {
  it('is read at the cost of one with 100, however far back', async () => {
    const [short, long] = [await deviceAt(100), await deviceAt(10_000)];
    await gateway.sql.query('ANALYZE device_audit');
    expect(await rowsRead('changes', long, 0)).toBeLessThanOrEqual(21 + 64);
    expect(await rowsRead('changes', long, 0)).toBeLessThanOrEqual(
      (await rowsRead('changes', short, 0)) + 64,
    );
    for (const version of [1, 63, 64, 5_000, 9_901, 9_999, 10_000]) {
      expect(await rowsRead('versions', long, version)).toBeLessThanOrEqual(65);
    }
    expect(await rowsRead('versions', long, 1)).toBe(await rowsRead('versions', short, 1));
    const versions = [
      1,
      2,
      63,
      64,
      65,
      127,
      5_000,
      ...Array.from({ length: 93 }, (_, index) => 9_908 + index),
    ];
    expect(await settingsAt(gateway, token, long, versions)).toMatchObject(
      versions.map((version) => ({ name: String(version) })),
    );
    const { edges } = await changePage(gateway, token, long, { first: 100 });
    expect(edges.map(({ node }) => node.after?.['name'])).toEqual(
      Array.from({ length: 100 }, (_, index) => String(10_000 - index)),
    );
    await update(gateway, token, long, { name: 'Last' });
    expect(await settingsAt(gateway, token, long, [1, 10_000])).toMatchObject([
      { name: '1' },
      { name: '10000' },
    ]);
  });

  it('and thousands of retries between two versions cost no more', async () => {
    const id = await deviceAt(10);
    await gateway.sql.query(
      `INSERT INTO device_audit (device_id, version, action, paths, subject, request_id)
       SELECT $1, 10, 'RETRY', '{}', 'somebody', 'request' FROM generate_series(1, 5000)`,
      [id],
    );
    await update(gateway, token, id, { name: '11' });
    await gateway.sql.query('ANALYZE device_audit');
    expect(await rowsRead('versions', id, 1)).toBeLessThanOrEqual(65);
    expect(await settingsAt(gateway, token, id, [9, 10, 11])).toMatchObject([
      { name: '9' },
      { name: '10' },
      { name: '11' },
    ]);
  });
});
