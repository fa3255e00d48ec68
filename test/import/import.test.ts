import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importFile } from '../../src/commands/import-file.js';
import { shownFailure } from '../../src/commands/run-command.js';
import { readSettings } from '../../src/config/settings.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { newId, newMac } from '../support/gateway.js';
import { CAPABILITIES, fleet } from './fleet.js';

/** What `npm run import` ends with; test/commands/import.test.ts runs it as a process. */
interface Outcome {
  readonly code: 0 | 1;
  readonly stderr: string;
}

describe('npm run import loads records that obey the rules, and nothing of a file with an error', () => {
  let database: TestDatabase;
  let folder: string;
  let sql: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase();
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    folder = await mkdtemp(join(tmpdir(), 'device gateway test '));
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  async function importText(text: string | Buffer): Promise<Outcome> {
    const file = join(folder, `${newId()}.json`);
    await writeFile(file, text);
    const settingsOf = () => readSettings({ DATABASE_URL: database.url, DATA_DIR: folder });
    try {
      await importFile(file, settingsOf, () => undefined);
      return { code: 0, stderr: '' };
    } catch (error) {
      return { code: 1, stderr: shownFailure(error) };
    }
  }
  const importFleet = async (content: unknown): Promise<Outcome> => await importText(JSON.stringify(content));
  async function count(): Promise<unknown> {
    const { rows } = await sql.query<{ n: string }>(
      'SELECT (SELECT count(*) FROM customer) + (SELECT count(*) FROM device_model) + (SELECT count(*) FROM network_device) AS n',
    );
    return rows[0]?.n;
  }
  const nameOf = async (table: string, id: string): Promise<unknown> => {
    const { rows } = await sql.query<{ name: string }>(`SELECT name FROM ${table} WHERE id = $1`, [id]);
    return rows[0]?.name;
  };

  function expectRefused({ code, stderr }: Outcome, problem: string | RegExp): void {
    expect(code).toBe(1);
    expect(stderr).toMatch(problem);
    expect(stderr).not.toMatch(/^\s+at /m);
  }

  it('a record that is there stays as it is, whatever the file says; new ones beside it go in', async () => {
    const content = fleet({}, {});
    expect((await importFleet(content)).code).toBe(0);
    const [device] = content.networkDevices;
    const [customer] = content.customers;
    await sql.query(`UPDATE network_device SET name = 'Changed since', version = 7 WHERE id = $1`, [
      device?.id,
    ]);
    const fresh = { ...device, id: newId(), macAddress: newMac(), name: 'New' };
    const again = await importFleet({
      ...content,
      customers: [{ ...customer, name: 'Overwritten' }],
      networkDevices: [...content.networkDevices.map((known) => ({ ...known, name: 'Overwritten' })), fresh],
    });
    expect(again.code).toBe(0);
    expect(await nameOf('network_device', device?.id ?? '')).toBe('Changed since');
    expect(await nameOf('network_device', fresh.id)).toBe('New');
    expect(await nameOf('customer', customer?.id ?? '')).toBe('Imported');
  });

  it('_id is accepted in place of id, in any case', async () => {
    const { customers, deviceModels, networkDevices } = fleet({});
    const onPage = (record: { id: string }) => {
      const { id, ...rest } = record;
      return { _id: id.toUpperCase(), ...rest };
    };
    const outcome = await importFleet({
      customers: customers.map(onPage),
      deviceModels: deviceModels.map(onPage),
      networkDevices: networkDevices.map(onPage),
    });
    expect(outcome).toMatchObject({ code: 0 });
    expect(await nameOf('network_device', networkDevices[0]?.id ?? '')).toBe('Imported');
  });

  const WIFI = { enabled: true, ssid: 'SkyNet', password: 'JohnConner' };
  it.each<[string, Record<string, unknown>, string]>([
    ['a bad SSID', { wifi: { ...WIFI, ssid: '' } }, 'wifi.ssid'],
    ['a short password', { wifi: { ...WIFI, password: 'Zq7cana' } }, 'wifi.password'],
    ['a bad MAC address', { macAddress: '12345' }, 'macAddress'],
    ['no name', { name: '' }, 'name'],
    ['a long name', { name: 'x'.repeat(101) }, 'name'],
    ['an unknown state', { state: 'BROKEN' }, 'state'],
    ['a customer that does not exist', { customer: newId() }, 'customer'],
    ['a model that does not exist', { model: newId() }, 'model'],
    ['an id that is none', { id: 'no-id' }, 'id'],
    [
      'a bad reservation',
      { dhcp: { reservedClients: [{ mac: 'zz', ip: '10.0.0.1' }] } },
      'dhcp.reservedClients[0].mac',
    ],
    [
      'a pool that ends before it starts',
      { dhcp: { ipPoolStart: '10.0.0.9', ipPoolEnd: '10.0.0.1' } },
      'dhcp.ipPoolEnd',
    ],
    ['a property that nobody knows', { wfii: {} }, 'wfii'],
    ['a number as text', { notes: 5 }, 'notes'],
    ['an address of the LAN with a prefix', { status: { lanIp: '192.168.1.1/24' } }, 'status.lanIp'],
    ['an address of the WAN with a leading zero', { status: { wanIp: '10.0.0.01' } }, 'status.wanIp'],
    ['an IPv6 address that is none', { status: { ipv6: 'fe80::1%eth0' } }, 'status.ipv6'],
    ['a moment that is none', { status: { lastComm: '2025-02-30T00:00:00Z' } }, 'status.lastComm'],
    ['a moment without a zone', { status: { lastComm: '2025-02-03T00:00:00' } }, 'status.lastComm'],
    ['a moment far ahead', { status: { lastComm: '9999-01-01T00:00:00Z' } }, 'status.lastComm'],
    ['a moment of the year 0', { status: { lastComm: '0000-01-01T00:00:00Z' } }, 'status.lastComm'],
    ['a signal too strong', { status: { ssSingnalStrength: 101 } }, 'status.ssSingnalStrength'],
    ['a negative rate', { status: { uplinkRate: -1 } }, 'status.uplinkRate'],
    ['a long code', { status: { simStatus: '1'.repeat(65) } }, 'status.simStatus'],
    ['a serial number of a megabyte', { serialNumber: 'x'.repeat(1_000_000) }, 'serialNumber'],
    ['a serial number that is not ASCII', { serialNumber: 'SÉR' }, 'serialNumber'],
    ['an account that is no id', { mvnoAccount: 'x' }, 'mvnoAccount'],
    ['a multicast address', { macAddress: '01005e0000fb' }, 'macAddress'],
    ['a name that does not show', { name: '\u200b' }, 'name'],
  ])('%s is reported with its place, and nothing of the file is written', async (_, changes, path) => {
    const before = await count();
    const content = fleet({}, {}, {}, changes, {});
    const outcome = await importFleet(content);
    expectRefused(outcome, 'networkDevices');
    expect(outcome.stderr).toContain('networkDevices[3]');
    expect(outcome.stderr).toContain(path);
    expect(outcome.stderr).not.toMatch(/Zq7cana|JohnConner/);
    expect(await count()).toBe(before);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a customer without a name', { customers: [{ id: newId(), name: ' \u3000 ' }] }, 'customers[0].name'],
    [
      'a customer with a long name',
      { customers: [{ id: newId(), name: 'x'.repeat(101) }] },
      'customers[0].name',
    ],
    [
      'a model with a name of blanks',
      { deviceModels: [{ id: newId(), name: ' ', type: 'ROUTER', capabilities: CAPABILITIES }] },
      'deviceModels[0].name',
    ],
    [
      'a model with a long brand',
      {
        deviceModels: [
          { id: newId(), name: 'NX', brand: 'x'.repeat(101), type: 'ROUTER', capabilities: CAPABILITIES },
        ],
      },
      'deviceModels[0].brand',
    ],
    [
      'a model with a long description',
      {
        deviceModels: [
          {
            id: newId(),
            name: 'NX',
            description: 'x'.repeat(4097),
            type: 'ROUTER',
            capabilities: CAPABILITIES,
          },
        ],
      },
      'deviceModels[0].description',
    ],
  ])('%s is refused', async (_, content, place) => {
    const before = await count();
    expectRefused(await importFleet(content), `${place}: `);
    expect(await count()).toBe(before);
  });

  it('names are stored without blanks around and composed, serial numbers without blanks, moments as they are meant', async () => {
    const content = fleet({
      name: ' Cafe\u0301 ',
      serialNumber: ' SER-1 ',
      status: { lastComm: '2025-01-01T02:00:00.5+02:00', ipv6: '' },
    });
    const customers = content.customers.map((customer) => ({ ...customer, name: ' Mu\u0308ller ' }));
    expect(await importFleet({ ...content, customers })).toMatchObject({ code: 0 });
    const { rows } = await sql.query(
      `SELECT d.name, serial_number, c.name AS customer, ipv6, last_comm AT TIME ZONE 'UTC' = '2025-01-01 00:00:00.5' AS is_moment
         FROM network_device d JOIN customer c ON c.id = customer_id JOIN device_status ON device_id = d.id WHERE d.id = $1`,
      [content.networkDevices[0]?.id],
    );
    expect(rows).toEqual([
      { name: 'Café', serial_number: 'SER-1', customer: 'Müller', ipv6: '', is_moment: true },
    ]);
  });

  it('two devices with one MAC address, in the file or with one that is there, are refused', async () => {
    const macAddress = newMac();
    const before = await count();
    expectRefused(await importFleet(fleet({ macAddress }, { macAddress })), 'networkDevices[1].macAddress');
    expect(await count()).toBe(before);
    expect((await importFleet(fleet({ macAddress }))).code).toBe(0);
    expectRefused(await importFleet(fleet({}, { macAddress })), 'networkDevices[1].macAddress');
  });

  it('customers that are below themselves are refused', async () => {
    const [first, second] = [newId(), newId()];
    const before = await count();
    expectRefused(
      await importFleet({
        customers: [
          { id: first, name: 'A', parentReseller: second },
          { id: second, name: 'B', parentReseller: first },
        ],
      }),
      'customers[',
    );
    const own = newId();
    expectRefused(
      await importFleet({ customers: [{ id: own, name: 'A', parentReseller: own }] }),
      'customers[0]',
    );
    expect(await count()).toBe(before);
  });

  it.each<[string, string | Buffer, string]>([
    ['no JSON', '{"customers": [', 'line 1, column 16'],
    ['an empty file', '', 'empty'],
    ['a list', '[]', 'the file'],
    ['a text', '"fleet"', 'the file'],
    ['CSV', 'id,name\n1,Router\n', 'line 1, column 1'],
    ['UTF-16', Buffer.from('\ufeff{}', 'utf16le'), 'UTF-16'],
    [
      'Latin-1',
      Buffer.from('{"customers": [{"name": "Møller"}]}', 'latin1'),
      'byte 0xF8 at line 1, column 27',
    ],
  ])('%s is refused with its place', async (_, text, place) => {
    const outcome = await importText(text);
    expectRefused(outcome, place);
    expect(outcome.stderr).toContain('Nothing was written.');
  });

  it('a byte order mark in front is no error', async () => {
    expect(await importText(`\ufeff${JSON.stringify(fleet({}))}`)).toMatchObject({ code: 0 });
  });
});
