import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(async () => {
  await gateway.stop();
});

/** The SQLSTATE that a statement is refused with, or undefined when it is not. */
async function refusal(sql: string, values: readonly unknown[] = []): Promise<unknown> {
  try {
    await gateway.sql.query(sql, [...values]);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : String(error);
  }
}

const CHECK = '23514';
const UNIQUE = '23505';
const FOREIGN_KEY = '23503';
const NOT_NULL = '23502';

describe('the database refuses rows that break a rule, whoever writes them', () => {
  let id: string;
  let other: { id: string; macAddress: string };
  beforeAll(async () => {
    id = (await createDevice(gateway)).id;
    other = await createDevice(gateway);
  });

  const NO_WIFI = `wifi_enabled = NULL, wifi_ssid = NULL, wifi_password = NULL, wifi_enabled_5g = NULL, wifi_ssid_5g = NULL,
    wifi_password_5g = NULL, wifi_enabled_6g = NULL, wifi_ssid_6g = NULL, wifi_password_6g = NULL, wifi_bandsteering = NULL`;
  const NO_DHCP = `dhcp_enable = NULL, dhcp_ip_pool_start = NULL, dhcp_ip_pool_end = NULL, dhcp_lease_minutes = NULL,
    dhcp_primary_dns_server = NULL, dhcp_reserved_clients = NULL`;

  it.each<[string, string, string]>([
    ['a MAC address of 11 digits', `mac_address = '12345678901'`, CHECK],
    ['a MAC address in upper case', `mac_address = 'AABBCCDDEEFF'`, CHECK],
    ['a MAC address with colons', `mac_address = '12:34:56:78:90:12'`, CHECK],
    ['a MAC address with a line break behind it', `mac_address = E'123456789abc\\n'`, CHECK],
    ['no MAC address', 'mac_address = NULL', NOT_NULL],
    ['no name', 'name = NULL', NOT_NULL],
    ['an empty name', `name = ''`, CHECK],
    ['a name of 101 characters', `name = repeat('ø', 101)`, CHECK],
    ['notes of 4097 characters', `notes = repeat('ø', 4097)`, CHECK],
    ['version 0', 'version = 0', CHECK],
    ['-1 jobs', 'jobs = -1', CHECK],
    ['a password in clear', `wifi_password = 'JohnConner'`, CHECK],
    ['a password in clear on 5 GHz', `wifi_password_5g = 'SarahConner'`, CHECK],
    ['a password in clear on 6 GHz', `wifi_password_6g = 'SarahConner'`, CHECK],
    ['a password in clear that looks like a version', `wifi_password = 'v1JohnConner'`, CHECK],
    ['half a WiFi section: a boolean missing', 'wifi_bandsteering = NULL', CHECK],
    ['half a WiFi section: one text left', NO_WIFI.replace('wifi_ssid = NULL', `wifi_ssid = 'x'`), CHECK],
    ['an empty SSID', `wifi_ssid = ''`, CHECK],
    ['an SSID of 33 bytes', `wifi_ssid_5g = repeat('ø', 16) || 'x'`, CHECK],
    ['an enabled band without SSID', 'wifi_ssid = NULL', CHECK],
    ['an enabled 6 GHz band without password', `wifi_enabled_6g = true, wifi_ssid_6g = 'x'`, CHECK],
    ['half a DHCP section: no boolean', 'dhcp_enable = NULL', CHECK],
    ['half a DHCP section: no list', 'dhcp_reserved_clients = NULL', CHECK],
    ['half a DHCP section: one text left', NO_DHCP.replace('dhcp_ip_pool_start = NULL, ', ''), CHECK],
    ['DHCP enabled without a lease time', 'dhcp_lease_minutes = NULL', CHECK],
    ['DHCP enabled without a pool', 'dhcp_ip_pool_start = NULL, dhcp_ip_pool_end = NULL', CHECK],
    ['a pool that ends before it starts', `dhcp_ip_pool_end = '192.168.0.99'`, CHECK],
    ['a lease of 0 minutes', 'dhcp_lease_minutes = 0', CHECK],
    ['a lease of 525601 minutes', 'dhcp_lease_minutes = 525601', CHECK],
    ['a pool address with a prefix', `dhcp_ip_pool_start = '192.168.0.1/24'`, CHECK],
    ['a DNS server that is a name', `dhcp_primary_dns_server = 'dns.example'`, CHECK],
    ['reservations that are no list', `dhcp_reserved_clients = '{}'`, CHECK],
    [
      '257 reservations',
      `dhcp_reserved_clients = (SELECT jsonb_agg(jsonb_build_object('mac', n)) FROM generate_series(1, 257) AS n)`,
      CHECK,
    ],
    ['an id in upper case', 'id = upper(id)', CHECK],
    ['an unknown state', `state = 'BROKEN'`, '22P02'],
    ['a customer that does not exist', `customer_id = '${'0'.repeat(24)}'`, FOREIGN_KEY],
    ['a model that does not exist', `model_id = '${'0'.repeat(24)}'`, FOREIGN_KEY],
    ['no customer', 'customer_id = NULL', NOT_NULL],
  ])('%s', async (_, assignment, code) => {
    expect(await refusal(`UPDATE network_device SET ${assignment} WHERE id = $1`, [id])).toBe(code);
  });

  it.each([
    ['name of 100 characters', `name = repeat('ø', 100)`],
    ['notes of 4096', `notes = repeat('x', 4096)`],
    ['SSID of 32 bytes', `wifi_ssid = repeat('ø', 16)`],
    ['no WiFi section', NO_WIFI],
    ['no DHCP section', NO_DHCP],
    ['a pool of one address', `dhcp_ip_pool_end = dhcp_ip_pool_start`],
    [
      'a pool that text order would refuse',
      `dhcp_ip_pool_start = '10.0.0.9', dhcp_ip_pool_end = '10.0.0.10'`,
    ],
    [
      '256 reservations',
      `dhcp_reserved_clients = (SELECT jsonb_agg(jsonb_build_object('mac', n)) FROM generate_series(1, 256) AS n)`,
    ],
  ])('and takes what lies at the edge: %s', async (_, assignment) => {
    const { id: fresh } = await createDevice(gateway);
    expect(await refusal(`UPDATE network_device SET ${assignment} WHERE id = $1`, [fresh])).toBeUndefined();
  });

  it('the MAC address of another device, by UPDATE and by INSERT', async () => {
    const { macAddress } = other;
    expect(await refusal('UPDATE network_device SET mac_address = $2 WHERE id = $1', [id, macAddress])).toBe(
      UNIQUE,
    );
    const insert = `INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
      SELECT $2, customer_id, model_id, 'x', $3 FROM network_device WHERE id = $1`;
    expect(await refusal(insert, [id, newId(), macAddress])).toBe(UNIQUE);
    expect(await refusal(insert, [id, id, newMac()])).toBe(UNIQUE);
    expect(await refusal(insert, [id, 'no-id', newMac()])).toBe(CHECK);
    expect(await refusal(insert, [id, newId(), newMac()])).toBeUndefined();
  });

  it('a status without a device', async () => {
    expect(await refusal('INSERT INTO device_status (device_id) VALUES ($1)', [newId()])).toBe(FOREIGN_KEY);
  });

  it.each(['customer', 'device_model'])('the deletion of a %s that devices have', async (table) => {
    const column = table === 'customer' ? 'customer_id' : 'model_id';
    const sql = `DELETE FROM ${table} WHERE id = (SELECT ${column} FROM network_device WHERE id = $1)`;
    expect(['23001', FOREIGN_KEY]).toContain(await refusal(sql, [id]));
  });
});

describe('ancestor_ids always is the way from the top of the tree to the customer', () => {
  let top: string;
  let middle: string;
  let leaf: string;
  beforeEach(async () => {
    top = await createCustomer(gateway);
    middle = await createCustomer(gateway, top);
    leaf = await createCustomer(gateway, middle);
  });
  const pathOf = async (id: string): Promise<unknown> => {
    const { rows } = await gateway.sql.query<{ ancestor_ids: string[] }>(
      'SELECT ancestor_ids FROM customer WHERE id = $1',
      [id],
    );
    return rows[0]?.ancestor_ids;
  };
  const move = async (id: string, parent: string | null): Promise<unknown> =>
    await refusal('UPDATE customer SET parent_reseller_id = $2 WHERE id = $1', [id, parent]);

  it('from the start', async () => {
    expect(await pathOf(top)).toEqual([top]);
    expect(await pathOf(leaf)).toEqual([top, middle, leaf]);
  });

  it('a subtree that moves takes everything below along', async () => {
    const below = await createCustomer(gateway, leaf);
    const next = await createCustomer(gateway, await createCustomer(gateway));
    expect(await move(middle, next)).toBeUndefined();
    const way = [await pathOf(next), middle, leaf, below].flat();
    expect(await pathOf(below)).toEqual(way);
    expect(await pathOf(leaf)).toEqual(way.slice(0, -1));
    expect(await pathOf(top)).toEqual([top]);
    expect(await move(middle, null)).toBeUndefined();
    expect(await pathOf(below)).toEqual([middle, leaf, below]);
  });

  it.each<[string, () => [string, string]]>([
    ['itself', () => [top, top]],
    ['its child', () => [top, middle]],
    ['its grandchild', () => [top, leaf]],
  ])('a customer cannot come below %s', async (_, places) => {
    const [id, parent] = places();
    expect(await move(id, parent)).toBe(CHECK);
    expect(await pathOf(leaf)).toEqual([top, middle, leaf]);
  });

  it('a new customer cannot be its own reseller, nor have one that does not exist', async () => {
    const id = newId();
    const insert = 'INSERT INTO customer (id, name, parent_reseller_id) VALUES ($1, $2, $3)';
    expect(await refusal(insert, [id, 'x', id])).toBeDefined();
    expect(await refusal(insert, [id, 'x', newId()])).toBe(FOREIGN_KEY);
    expect(await pathOf(id)).toBeUndefined();
  });

  it('nobody can write it by hand', async () => {
    await gateway.sql.query('UPDATE customer SET ancestor_ids = $2 WHERE id = $1', [leaf, [leaf]]);
    expect(await pathOf(leaf)).toEqual([top, middle, leaf]);
  });

  it('two moves at once that would close a ring: one is refused', async () => {
    const first = await createCustomer(gateway);
    const second = await createCustomer(gateway);
    const outcomes = await Promise.all([move(first, second), move(second, first)]);
    expect(outcomes.filter((code) => code === undefined)).toHaveLength(1);
  });

  it('a child that joins a subtree while it moves ends up below the new place', async () => {
    const next = await createCustomer(gateway);
    const child = newId();
    await Promise.all([move(middle, next), createCustomer(gateway, leaf, child)]);
    expect(await pathOf(child)).toEqual([next, middle, leaf, child]);
  });
});
