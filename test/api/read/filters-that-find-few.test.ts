import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { AccessLevel } from '../../../src/access/viewer.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { createLargeFleet, LARGE_RESELLER } from '../../support/large-fleet.js';
import { blocksOf, spyOnStatements } from '../../support/statements.js';

/** One customer of the reseller. */
const SMALL = `left(md5('customer 7'), 24)`;

/** Devices as they are in service: nearly all are online, heard of today and provisioned; 1 in 10 has a SIM card's account. */
const IN_SERVICE = [
  `INSERT INTO device_status (device_id, online, last_comm)
   SELECT id, true, now() - random() * interval '5 minutes' FROM network_device`,
  `UPDATE network_device SET provisioned = true, name = 'Device ' || mac_address,
     updated_at = timestamptz '2026-01-01' + ('x' || right(mac_address, 6))::bit(24)::integer * interval '1 second'`,
  `INSERT INTO provisioning_job (device_id, version, state, finished_at) SELECT id, 1, 'APPLIED', now() FROM network_device`,
  `UPDATE network_device SET mvno_account = repeat('a', 24) WHERE mac_address IN (lpad('a1', 12, '0'), lpad('b2', 12, '0'))`,
];
/** Few that are not, and some of whom nothing is known. */
const FEW = [
  `UPDATE device_status SET online = false WHERE device_id IN (SELECT id FROM network_device WHERE right(mac_address, 3) = 'abc')`,
  `UPDATE device_status SET last_comm = '2026-01-01' WHERE device_id IN (SELECT id FROM network_device WHERE right(mac_address, 3) = 'def')`,
  `UPDATE network_device SET provisioned = false WHERE right(mac_address, 3) = 'bcd'`,
  `DELETE FROM device_status WHERE device_id IN (SELECT id FROM network_device WHERE right(mac_address, 3) = 'cde')`,
];

let gateway: TestGateway;
let small: string;
const spy = spyOnStatements();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  await createLargeFleet(gateway, 30_000);
  for (const statement of [...IN_SERVICE, 'VACUUM ANALYZE']) await gateway.sql.query(statement);
  small = (await gateway.sql.query<{ id: string }>(`SELECT ${SMALL} AS id`)).rows[0]?.id ?? '';
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

const answered = z.object({
  networkDeviceConnection: z.object({ nodes: z.array(z.unknown()) }).optional(),
  networkDeviceCounts: z.object({ total: z.int() }).optional(),
});

/** What a list or counts find, and how many blocks that takes. */
async function ask(level: AccessLevel, field: string): Promise<readonly [found: number, blocks: number]> {
  const token = await gateway.token(level, level === 'OWNER' ? small : LARGE_RESELLER);
  spy.clear();
  const { data, errors } = await gateway.query(`{ ${field} }`, { token });
  expect(errors).toEqual([]);
  const { networkDeviceConnection: list, networkDeviceCounts: counts } = answered.parse(data);
  return [list?.nodes.length ?? counts?.total ?? 0, await blocksOf(gateway.sql, spy.statements().at(-1))];
}

const FILTERS = [
  '{ online: false }',
  '{ lastCommBefore: "2026-02-01T00:00:00Z" }',
  '{ provisioned: false }',
  '{ lastJobFailed: true }',
  '{ hasMvnoAccount: true }',
  '{ online: false, lastCommBefore: "2026-02-01T00:00:00Z", provisioned: false }',
];
const LEVELS = ['ADMIN', 'RESELLER', 'OWNER'] as const;
const CASES = FILTERS.flatMap((filter) => LEVELS.map((level) => [filter, level] as const));

/** Each of 30,000 devices, looked up by an index, takes two to four; a table as a whole some hundreds. */
const MAX_BLOCKS = 200;

const fieldsOf = (filter: string): readonly string[] => [
  ...['ID', 'NAME', 'UPDATED_AT'].map(
    (order) => `networkDeviceConnection(filter: ${filter}, orderBy: { field: ${order} }) { nodes { id } }`,
  ),
  `networkDeviceCounts(filter: ${filter}) { total }`,
];

describe('a filter that fits none or few looks at few devices, in every order and in counts', () => {
  it.each(CASES)('%s as %s, none or two', async (filter, level) => {
    for (const field of fieldsOf(filter)) {
      const [found, blocks] = await ask(level, field);
      expect(found, field).toBeLessThan(3);
      expect(blocks, field).toBeLessThan(MAX_BLOCKS);
    }
  });

  describe('when few are what nearly none is', () => {
    beforeAll(async () => {
      for (const statement of [...FEW, 'VACUUM ANALYZE']) await gateway.sql.query(statement);
    });
    it.each(CASES)('%s as %s', async (filter, level) => {
      for (const field of fieldsOf(filter)) {
        const [found, blocks] = await ask(level, field);
        expect(found, field).toBeLessThan(20);
        expect(blocks, field).toBeLessThan(MAX_BLOCKS * 2);
      }
    });
  });
});
