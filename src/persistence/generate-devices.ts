import { WIFI_DEFAULTS } from '../domain/wifi.js';
import type { Prisma } from './database.js';
import { type DeviceSecrets, sealWifi } from './device-secrets.js';

/** The customer at the top of the generated tree: half of all customers are below it, half of those below a sub reseller. */
export const GENERATED_RESELLER = 'f00000000000000000000001';

const CUSTOMERS = 20_000;
const BATCH = 5_000;

/**
 * Fills the database with devices for measurements, every section of them in use: the same number gives the same devices
 * (but for the seals of their passwords), and what is there already stays. 20,000 customers share them; 1 in 10 devices
 * has a SIM card, 1 in 20 is offline, 1 in 1,000 is being provisioned.
 */
export async function generateDevices(
  prisma: Prisma,
  secrets: DeviceSecrets,
  devices: number,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  await generateTree(prisma);
  for (let start = 1; start <= devices; start += BATCH) {
    const end = Math.min(start + BATCH - 1, devices);
    await prisma.$transaction([
      devicesBetween(prisma, secrets, start, end),
      statusBetween(prisma, start, end),
      missingJobs(prisma, start, end),
    ]);
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
  await prisma.$executeRaw`INSERT INTO device_model (
      id, name, type, brand, description, picture, wifi, wifi_2g, wifi_5g, wifi_6g, sim_support
    )
    SELECT 'f2' || lpad(to_hex(ordinality), 22, '0'), 'Generated ' || lower(type::text), type, 'Generated brand',
      'A generated ' || lower(type::text), 'f4' || lpad(to_hex(ordinality), 22, '0'), true, true, true, true, true
    FROM unnest(enum_range(NULL::device_model_type)) WITH ORDINALITY AS types(type, ordinality) ON CONFLICT DO NOTHING`;
}

/** The sealed passwords of device number `n`, by the names that `devicesBetween` knows them by. */
function sealedPasswords(secrets: DeviceSecrets, n: number) {
  const wifi = sealWifi(secrets, `f3${n.toString(16).padStart(22, '0')}`, {
    ...WIFI_DEFAULTS,
    password: `Generated password ${n}`,
    password5G: `Generated password ${n} 5G`,
    password6G: `Generated password ${n} 6G`,
  });
  return {
    n,
    password: wifi?.password?.sealed,
    password5G: wifi?.password5G?.sealed,
    password6G: wifi?.password6G?.sealed,
  };
}

function devicesBetween(prisma: Prisma, secrets: DeviceSecrets, start: number, end: number) {
  const numbers = Array.from({ length: end - start + 1 }, (_, index) => start + index);
  const devices = JSON.stringify(numbers.map((n) => sealedPasswords(secrets, n)));
  return prisma.$executeRaw`INSERT INTO network_device (
      id, customer_id, model_id, state, jobs, name, notes, mac_address, serial_number, mvno_account, provisioned,
      wifi_enabled, wifi_ssid, wifi_password, wifi_enabled_5g, wifi_ssid_5g, wifi_password_5g,
      wifi_enabled_6g, wifi_ssid_6g, wifi_password_6g, wifi_bandsteering,
      dhcp_enable, dhcp_ip_pool_start, dhcp_ip_pool_end, dhcp_lease_minutes, dhcp_primary_dns_server, dhcp_reserved_clients
    )
    SELECT 'f3' || lpad(to_hex(n), 22, '0'), 'f1' || lpad(to_hex(1 + n % ${CUSTOMERS}::integer), 22, '0'),
      'f2' || lpad(to_hex(CASE WHEN n % 10000 = 0 THEN 3 WHEN n % 5 = 0 THEN 2 ELSE 1 END), 22, '0'),
      (CASE WHEN n % 10000 = 1 THEN 'DELETING' WHEN n % 1000 = 2 THEN 'PROVISIONING' ELSE 'ACTIVE' END)::device_state,
      (n % 1000 = 2)::integer, 'Generated device ' || n, 'Notes about generated device ' || n, 'f2' || lpad(to_hex(n), 10, '0'), 'GEN-' || n,
      CASE WHEN n % 10 = 0 THEN 'f5' || lpad(to_hex(n), 22, '0') END, true,
      true, 'Network ' || n, password, true, 'Network ' || n || ' 5G', "password5G",
      true, 'Network ' || n || ' 6G', "password6G", false,
      true, '192.168.0.100', '192.168.0.200', 60, '8.8.8.8',
      (
        SELECT jsonb_agg(jsonb_build_object(
          'mac', 'f6' || lpad(to_hex(n), 8, '0') || lpad(to_hex(client), 2, '0'), 'ip', '192.168.0.' || 9 + client,
          'enable', client < 3, 'id', 'client-' || client
        ) ORDER BY client)
        FROM generate_series(1, 3) client
      )
    FROM jsonb_to_recordset(${devices}::jsonb) AS d(n integer, password text, "password5G" text, "password6G" text)
    ON CONFLICT DO NOTHING`;
}

/** A device that is being provisioned has the job for it. */
function missingJobs(prisma: Prisma, start: number, end: number) {
  return prisma.$executeRaw`INSERT INTO provisioning_job (device_id, version)
    SELECT id, version FROM network_device d WHERE state = 'PROVISIONING'
      AND id IN (SELECT 'f3' || lpad(to_hex(n), 22, '0') FROM generate_series(${start}::integer, ${end}::integer) n)
      AND NOT EXISTS (SELECT FROM provisioning_job j WHERE j.device_id = d.id AND j.state IN ('QUEUED', 'RUNNING'))`;
}

function statusBetween(prisma: Prisma, start: number, end: number) {
  return prisma.$executeRaw`INSERT INTO device_status (
      device_id, last_comm, online, lan_ip, subnet_mask, gateway, wan_ip, public_ip, up_time_seconds,
      dns, dns2, ipv6, ipv6_dns, ipv6_dns2, sim_status_code, network_type_code,
      signal_strength, ss_signal_strength, uplink_rate_kbps, downlink_rate_kbps, connection_seconds
    )
    SELECT 'f3' || lpad(to_hex(n), 22, '0'), TIMESTAMPTZ '2025-01-01 00:00:00Z', n % 20 <> 0, '192.168.0.1', '255.255.255.0',
      '192.168.0.254', '10.0.0.2', '203.0.113.2', 3600 + n % 86400,
      '8.8.8.8', '8.8.4.4', '2001:db8::' || to_hex(n % 65536), '2001:4860:4860::8888', '2001:4860:4860::8844',
      CASE WHEN n % 100000 = 0 THEN '5' WHEN n % 10000 = 0 THEN '4' WHEN n % 10 = 0 THEN '1' ELSE '6' END,
      CASE WHEN n % 10 = 0 THEN '40' ELSE '1' END,
      n % 101, n % 101, 50000, 250000, 1800 + n % 1800
    FROM generate_series(${start}::integer, ${end}::integer) n ON CONFLICT DO NOTHING`;
}
