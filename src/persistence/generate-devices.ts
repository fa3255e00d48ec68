import type { Prisma } from './database.js';

/** The customer at the top of the generated tree: half of all customers are below it, half of those below a sub reseller. */
export const GENERATED_RESELLER = 'f00000000000000000000001';

const CUSTOMERS = 20_000;
const BATCH = 5_000;

/**
 * Fills the database with devices for measurements: the same number gives the same devices, and what is there already
 * stays. 20,000 customers share them; 1 in 10 devices has a SIM card, 1 in 20 is offline, 1 in 1,000 is being provisioned.
 */
export async function generateDevices(
  prisma: Prisma,
  devices: number,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  await generateTree(prisma);
  for (let start = 1; start <= devices; start += BATCH) {
    const end = Math.min(start + BATCH - 1, devices);
    await prisma.$transaction([devicesBetween(prisma, start, end), statusBetween(prisma, start, end)]);
    onProgress(end, devices);
  }
  await prisma.$executeRaw`ANALYZE`;
}

async function generateTree(prisma: Prisma): Promise<void> {
  await prisma.$executeRaw`INSERT INTO customer (id, name, parent_reseller_id) VALUES
    (${GENERATED_RESELLER}, 'Generated reseller', NULL),
    ('f00000000000000000000002', 'Generated sub reseller', ${GENERATED_RESELLER}),
    ('f00000000000000000000003', 'Another generated reseller', NULL)
    ON CONFLICT DO NOTHING`;
  await prisma.$executeRaw`INSERT INTO customer (id, name, parent_reseller_id)
    SELECT 'f1' || lpad(to_hex(n), 22, '0'), 'Generated customer ' || n,
      CASE WHEN n % 2 = 1 THEN 'f00000000000000000000003' WHEN n % 4 = 0 THEN 'f00000000000000000000002' ELSE ${GENERATED_RESELLER} END
    FROM generate_series(1, ${CUSTOMERS}::integer) n ON CONFLICT DO NOTHING`;
  await prisma.$executeRaw`INSERT INTO device_model (id, name, type, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support)
    SELECT 'f2' || lpad(to_hex(ordinality), 22, '0'), 'Generated ' || lower(type::text), type, true, true, true, true, true
    FROM unnest(enum_range(NULL::device_model_type)) WITH ORDINALITY AS types(type, ordinality) ON CONFLICT DO NOTHING`;
}

function devicesBetween(prisma: Prisma, start: number, end: number) {
  return prisma.$executeRaw`INSERT INTO network_device (
      id, customer_id, model_id, state, name, mac_address, serial_number, provisioned,
      wifi_enabled, wifi_ssid, wifi_enabled_5g, wifi_enabled_6g, wifi_bandsteering,
      dhcp_enable, dhcp_ip_pool_start, dhcp_ip_pool_end, dhcp_lease_minutes, dhcp_reserved_clients
    )
    SELECT 'f3' || lpad(to_hex(n), 22, '0'), 'f1' || lpad(to_hex(1 + n % ${CUSTOMERS}::integer), 22, '0'),
      'f2' || lpad(to_hex(CASE WHEN n % 10000 = 0 THEN 3 WHEN n % 5 = 0 THEN 2 ELSE 1 END), 22, '0'),
      (CASE WHEN n % 10000 = 1 THEN 'DELETING' WHEN n % 1000 = 2 THEN 'PROVISIONING' ELSE 'ACTIVE' END)::device_state,
      'Generated device ' || n, 'f3' || lpad(to_hex(n), 10, '0'), 'GEN-' || n, true,
      true, 'Network ' || n, false, false, false,
      true, '192.168.0.100', '192.168.0.200', 60, '[]'::jsonb
    FROM generate_series(${start}::integer, ${end}::integer) n ON CONFLICT DO NOTHING`;
}

function statusBetween(prisma: Prisma, start: number, end: number) {
  return prisma.$executeRaw`INSERT INTO device_status (
      device_id, last_comm, online, lan_ip, subnet_mask, sim_status_code, network_type_code
    )
    SELECT 'f3' || lpad(to_hex(n), 22, '0'), TIMESTAMPTZ '2025-01-01 00:00:00Z', n % 20 <> 0, '192.168.0.1', '255.255.255.0',
      CASE WHEN n % 100000 = 0 THEN '5' WHEN n % 10000 = 0 THEN '4' WHEN n % 10 = 0 THEN '1' END,
      CASE WHEN n % 10 = 0 THEN '40' END
    FROM generate_series(${start}::integer, ${end}::integer) n ON CONFLICT DO NOTHING`;
}
