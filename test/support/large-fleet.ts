import { z } from 'zod';
import type { TestGateway } from './gateway.js';

/** The reseller above half of the devices. */
export const LARGE_RESELLER = 'ab'.repeat(12);

/** The statements that make a fleet of devices, half of them below `LARGE_RESELLER`. */
const fleet = (devices: number): readonly string[] => [
  `INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
   VALUES (left(md5('model'), 24), 'Model', 'ROUTER', true, true, true, true, true)`,
  `INSERT INTO customer (id, name) VALUES ('${LARGE_RESELLER}', 'Reseller')`,
  `INSERT INTO customer (id, name, parent_reseller_id)
   SELECT left(md5('customer ' || n), 24), 'Customer', CASE WHEN n < 100 THEN '${LARGE_RESELLER}' END FROM generate_series(0, 199) n`,
  `INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
   SELECT left(md5('device ' || n), 24), left(md5('customer ' || n % 200), 24), left(md5('model'), 24), 'Device',
     lpad(to_hex(n), 12, '0')
   FROM generate_series(1, ${devices}) n`,
];

/**
 * Puts devices of 200 customers into the database.
 * @param devices by default enough for the plans that a fleet of many customers has
 * @returns ids of devices below `LARGE_RESELLER`
 */
export async function createLargeFleet(
  { sql }: Pick<TestGateway, 'sql'>,
  devices = 20_000,
): Promise<readonly string[]> {
  for (const statement of fleet(devices)) await sql.query(statement);
  await sql.query('VACUUM ANALYZE');
  const { rows } = await sql.query<{ id: string }>(
    'SELECT device_id AS id FROM device_reach WHERE ancestor_id = $1 ORDER BY md5(device_id) LIMIT 100',
    [LARGE_RESELLER],
  );
  return rows.map(({ id }) => id);
}

/** One step of a plan: what it does, where, how many rows it found and how many pages it looked at. */
const step = z.object({
  'Node Type': z.string(),
  'Index Name': z.string().optional(),
  'Relation Name': z.string().optional(),
  'Actual Rows': z.number(),
  'Actual Loops': z.number(),
  'Shared Hit Blocks': z.number(),
  get Plans() {
    return z.array(step).optional();
  },
});
const explained = z.array(z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: step })]) })).length(1);

/** One step of a plan. */
export type PlanStep = z.infer<typeof step>;

/** What PostgreSQL does for a statement, by the plan that it keeps for all values. */
export async function planOf(
  { sql }: Pick<TestGateway, 'sql'>,
  text: string,
  values: readonly unknown[],
): Promise<PlanStep> {
  const client = await sql.connect();
  const literals = values
    .map((value) => (value === null ? 'NULL' : client.escapeLiteral(toText(value))))
    .join(', ');
  try {
    await client.query(`SET plan_cache_mode = force_generic_plan; PREPARE explained AS ${text}`);
    const explain = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE explained(${literals})`;
    // The first look of a session at a table reads the catalogue, too.
    await client.query(explain);
    const [row] = explained.parse((await client.query<object>(explain)).rows);
    if (row === undefined) throw new Error('There is no plan.');
    return row['QUERY PLAN'][0].Plan;
  } finally {
    client.release(true);
  }
}

/** A value as PostgreSQL reads it. */
function toText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((item) => (item === null ? 'NULL' : JSON.stringify(item))).join(',')}}`;
}
