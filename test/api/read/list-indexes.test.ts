import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AccessLevel } from '../../../src/access/viewer.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { createLargeFleet, LARGE_RESELLER } from '../../support/large-fleet.js';
import { spyOnStatements } from '../../support/statements.js';

/** What few devices are: 1 in 1,000 is being set up, of another model, with a SIM card, and so on. */
const RARE = [
  `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
   VALUES ('${'cd'.repeat(12)}', 'Rare', 'FIREWALL', true, true, true, true, true)`,
  `UPDATE network_device SET name = 'Device ' || mac_address, provisioned = right(mac_address, 3) <> '0a1',
     updated_at = timestamptz '2026-01-01' + ('x' || right(mac_address, 6))::bit(24)::integer * interval '1 second'`,
  `UPDATE network_device SET model_id = '${'cd'.repeat(12)}', state = 'PROVISIONING' WHERE right(mac_address, 3) = '0a0'`,
  `UPDATE network_device SET state = 'DELETING' WHERE right(mac_address, 3) = '0b0'`,
  `UPDATE network_device SET mvno_account = repeat('a', 24) WHERE right(mac_address, 3) = '0f0'`,
  `INSERT INTO provisioning_job (device_id, version, state, finished_at)
   SELECT id, 1, CASE WHEN state = 'PROVISIONING' THEN 'QUEUED' WHEN right(mac_address, 3) = '0c0' THEN 'FAILED' ELSE 'APPLIED' END::provisioning_job_state,
     CASE WHEN state <> 'PROVISIONING' THEN now() END FROM network_device`,
  `INSERT INTO device_status (device_id, online, wan_ip, public_ip, ipv6, sim_status_code)
   SELECT id, right(mac_address, 3) = '0d0', 'wan ' || id, 'public ' || id, 'ipv6 ' || id,
     CASE WHEN right(mac_address, 3) = '0e0' THEN '4' ELSE '1' END FROM network_device`,
  'UPDATE device_status SET last_comm = now()',
  'VACUUM ANALYZE',
];

let gateway: TestGateway;
let customer: string;
const spy = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  await createLargeFleet(gateway);
  for (const statement of RARE) await gateway.sql.query(statement);
  const { rows } = await gateway.sql.query<{ id: string }>(
    'SELECT customer_id AS id FROM network_device ORDER BY id LIMIT 1',
  );
  customer = rows[0]?.id ?? '';
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

const step = z.object({
  'Index Name': z.string().optional(),
  get Plans() {
    return z.array(step).optional();
  },
});
const explained = z.array(z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: step })]) })).length(1);

function indexesIn({ 'Index Name': index, Plans = [] }: z.infer<typeof step>): readonly string[] {
  return [...(index === undefined ? [] : [index]), ...Plans.flatMap(indexesIn)];
}

/** The indexes of the plan that the last statement has for its values. */
async function indexesOfLastStatement(): Promise<readonly string[]> {
  const { text, values } = spy.statements().at(-1) ?? { text: '', values: [] };
  const client = await gateway.sql.connect();
  try {
    // The fleet is small: PostgreSQL would read a table as a whole where it never does with a million devices.
    await client.query('SET enable_seqscan = off');
    const { rows } = await client.query<object>(`EXPLAIN (FORMAT JSON) ${text}`, [...values]);
    const [row] = explained.parse(rows);
    return row === undefined ? [] : indexesIn(row['QUERY PLAN'][0].Plan);
  } finally {
    client.release(true);
  }
}

async function indexesOf(level: AccessLevel, owner: string, args: string): Promise<readonly string[]> {
  const token = await gateway.token(level, owner);
  spy.clear();
  const { errors } = await gateway.query(`{ networkDeviceConnection(${args}) { nodes { id } } }`, { token });
  expect(errors).toEqual([]);
  return await indexesOfLastStatement();
}

const ends = ['first: 10', 'last: 10'];

describe('an order is that of an index', () => {
  it.each([
    ['ID', 'network_device_pkey'],
    ['NAME', 'network_device_name_id_idx'],
    ['UPDATED_AT', 'network_device_updated_at_id_idx'],
  ])('%s, of all devices', async (field, index) => {
    for (const direction of ['ASC', 'DESC'])
      for (const end of ends) {
        const args = `${end}, orderBy: { field: ${field}, direction: ${direction} }`;
        expect(await indexesOf('ADMIN', customer, args), args).toContain(index);
      }
  });

  it.each([
    ['ID', 'network_device_customer_id_id_idx'],
    ['NAME', 'network_device_customer_id_name_id_idx'],
    ['UPDATED_AT', 'network_device_customer_id_updated_at_id_idx'],
  ])('%s, of one customer', async (field, index) => {
    for (const end of ends) {
      const args = `${end}, orderBy: { field: ${field} }`;
      expect(await indexesOf('OWNER', customer, args), args).toContain(index);
      const filtered = `${args}, filter: { customer: "${customer}" }`;
      expect(await indexesOf('ADMIN', customer, filtered), filtered).toContain(index);
    }
  });

  it.each([
    ['ID', ['device_reach_pkey']],
    ['NAME', ['network_device_name_id_idx', 'device_reach_pkey', 'network_device_customer_id_name_id_idx']],
    [
      'UPDATED_AT',
      [
        'network_device_updated_at_id_idx',
        'device_reach_pkey',
        'network_device_customer_id_updated_at_id_idx',
      ],
    ],
  ])('%s, of a reseller', async (field, indexes) => {
    for (const end of ends) {
      const args = `${end}, orderBy: { field: ${field} }`;
      expect(await indexesOf('RESELLER', LARGE_RESELLER, args), args).toEqual(
        expect.arrayContaining(indexes),
      );
    }
  });
});

describe('a filter that few devices fit finds them by an index', () => {
  it.each([
    ['{ ids: ["aaaaaaaaaaaaaaaaaaaaaaaa"] }', ['network_device_pkey']],
    [`{ model: ["${'cd'.repeat(12)}"] }`, ['network_device_model_id_id_idx']],
    ['{ type: [FIREWALL] }', ['network_device_model_id_id_idx']],
    ['{ state: [PROVISIONING] }', ['provisioning_job_due']],
    ['{ state: [DELETING] }', ['network_device_deleting']],
    ['{ online: true }', ['device_status_online_device_id_idx']],
    ['{ simStatus: [PUK_LOCK] }', ['device_status_sim_status_code_device_id_idx']],
    ['{ lastJobFailed: true }', ['provisioning_job_failed_idx']],
    ['{ online: false }', ['device_status_not_online', 'unreported_device_pkey']],
    ['{ lastCommBefore: "2000-01-01T00:00:00Z" }', ['device_status_last_comm_floor_idx']],
    ['{ provisioned: false }', ['provisioning_job_due', 'unprovisioned_device_pkey']],
    ['{ hasMvnoAccount: true }', ['network_device_mvno_account']],
    [
      '{ ip: "192.0.2.1" }',
      ['device_status_wan_ip_idx', 'device_status_public_ip_idx', 'device_status_ipv6_idx'],
    ],
  ])('%s', async (filter, indexes) => {
    expect(await indexesOf('ADMIN', customer, `filter: ${filter}`)).toEqual(expect.arrayContaining(indexes));
  });
});
