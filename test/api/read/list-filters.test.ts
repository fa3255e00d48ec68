import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

const QUERY = `query ($filter: NetworkDeviceFilter) {
  networkDeviceConnection(filter: $filter, orderBy: { field: NAME }) { totalCount nodes { name } }
  networkDeviceCounts(filter: $filter) { isCapped total online offline provisioning deleting notProvisioned }
}`;

const answered = z.object({
  networkDeviceConnection: z.object({
    totalCount: z.int(),
    nodes: z.array(z.object({ name: z.string() })),
  }),
  networkDeviceCounts: z.record(z.string(), z.unknown()),
});

type Filter = Readonly<Record<string, unknown>>;

let gateway: TestGateway;
let token: string;
let outside: string;
let inside: string;
const models = new Map<string, string>();
const ids = new Map<string, string>();
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  const top = await createCustomer(gateway);
  outside = await createCustomer(gateway, top);
  inside = await createCustomer(gateway, outside);
  const shop = await createCustomer(gateway, inside);
  await gateway.sql.query(`UPDATE customer SET name = 'Topmost' WHERE id = $1`, [top]);
  await gateway.sql.query(`UPDATE customer SET name = 'Northern' WHERE id = $1`, [outside]);
  await gateway.sql.query(`UPDATE customer SET name = 'Harbour' WHERE id = $1`, [inside]);
  await gateway.sql.query(`UPDATE customer SET name = 'Corner shop' WHERE id = $1`, [shop]);
  const status = { online: true, provisioned: true, lastComm: '2026-03-01T12:00:00.000Z' };
  const make = async (name: string, wishes: object): Promise<void> => {
    const { id } = await createDevice(gateway, { customer: shop, name, mvnoAccount: null, ...wishes });
    ids.set(name, id);
    const { rows } = await gateway.sql.query<{ model: string }>(
      'SELECT model_id AS model FROM network_device WHERE id = $1',
      [id],
    );
    models.set(name, rows[0]?.model ?? '');
  };
  await make('Good', { status });
  await make('Never reported', { status: null });
  await make('Offline', { status: { ...status, online: false, lastComm: '2026-01-01T00:00:00.000Z' } });
  await make('Unprovisioned', { status: { ...status, provisioned: false }, customer: inside });
  await make('Virtual', { status, mvnoAccount: newId() });
  await make('Waiting', { status, state: 'PROVISIONING', customer: outside });
  await make('Deleting', { status, state: 'DELETING' });
  const address = async (name: string, column: string, value: string): Promise<void> => {
    await gateway.sql.query(`UPDATE device_status SET ${column} = $2 WHERE device_id = $1`, [
      ids.get(name),
      value,
    ]);
  };
  await address('Good', 'wan_ip', '203.0.113.7');
  await address('Offline', 'public_ip', '203.0.113.7');
  await address('Virtual', 'ipv6', '2001:DB8::7');
  const job = async (name: string, state: string): Promise<void> => {
    await gateway.sql.query(
      `INSERT INTO provisioning_job (device_id, version, state, finished_at) VALUES ($1, 1, $2::provisioning_job_state, now())`,
      [ids.get(name), state],
    );
  };
  await job('Unprovisioned', 'APPLIED');
  await job('Unprovisioned', 'FAILED');
  await job('Good', 'FAILED');
  await job('Good', 'APPLIED');
  token = await gateway.token('RESELLER', outside);
});
afterAll(async () => {
  await gateway.stop();
});

const ALL = ['Deleting', 'Good', 'Never reported', 'Offline', 'Unprovisioned', 'Virtual', 'Waiting'];
const without = (...names: readonly string[]): readonly string[] =>
  ALL.filter((name) => !names.includes(name));

async function ask(filter: Filter, bearer = token) {
  const { data, errors } = await gateway.query(QUERY, { token: bearer, variables: { filter } });
  expect(errors).toEqual([]);
  return answered.parse(data);
}

describe('a filter names the devices that it says, in lists, totals and counts', () => {
  it.each<[Filter, readonly string[]]>([
    [{}, ALL],
    [{ online: true }, without('Never reported', 'Offline')],
    [{ online: false }, ['Never reported', 'Offline']],
    [{ provisioned: true }, without('Never reported', 'Unprovisioned')],
    [{ provisioned: false }, ['Never reported', 'Unprovisioned']],
    [{ lastJobFailed: true }, ['Unprovisioned']],
    [{ lastJobFailed: false }, without('Unprovisioned')],
    [{ lastCommBefore: '2026-03-01T12:00:00Z' }, ['Never reported', 'Offline']],
    [{ lastCommBefore: '2026-03-01T12:00:00.001Z' }, ALL],
    [{ hasMvnoAccount: true }, ['Virtual']],
    [{ hasMvnoAccount: false }, without('Virtual')],
    [{ ip: ' 203.0.113.7 ' }, ['Good', 'Offline']],
    [{ ip: '203.0.113' }, []],
    [{ ip: '2001:db8::7' }, ['Virtual']],
    [{ ip: ' ' }, ALL],
    [{ ip: '\0' }, []],
    [{ ids: [] }, []],
    [{ model: [] }, []],
    [{ model: ['no id', newId()] }, []],
    [{ search: 'arbou' }, without('Waiting')],
    [{ search: 'Northern' }, ALL],
    [{ search: 'Topmost' }, []],
    [{ search: 'Corner' }, without('Unprovisioned', 'Waiting')],
    [{ online: true, provisioned: false, search: 'harbour' }, ['Unprovisioned']],
  ])('%j', async (filter, names) => {
    const { networkDeviceConnection: list, networkDeviceCounts: counts } = await ask(filter);
    expect(list.nodes.map(({ name }) => name)).toEqual(names);
    expect(list.totalCount).toBe(names.length);
    const among = (...some: readonly string[]): number => some.filter((name) => names.includes(name)).length;
    const offline = among('Never reported', 'Offline');
    expect(counts).toEqual({
      isCapped: false,
      total: names.length,
      online: names.length - offline,
      offline,
      provisioning: among('Waiting'),
      deleting: among('Deleting'),
      notProvisioned: among('Unprovisioned'),
    });
  });

  it('models and ids in any case, missing ones and those out of reach left out', async () => {
    const stranger = await createDevice(gateway, {});
    const wanted = [ids.get('Good')?.toUpperCase(), newId(), 'no id', stranger.id, ids.get('Offline')];
    expect((await ask({ ids: wanted })).networkDeviceConnection.nodes).toEqual([
      { name: 'Good' },
      { name: 'Offline' },
    ]);
    const model = [models.get('Virtual')?.toUpperCase(), newId()];
    expect((await ask({ model })).networkDeviceConnection.nodes).toEqual([{ name: 'Virtual' }]);
  });

  it('the name of a reseller that somebody does not reach has no say in what they find', async () => {
    const owner = await gateway.token('OWNER', inside);
    expect((await ask({ search: 'Northern' }, owner)).networkDeviceConnection.totalCount).toBe(0);
    expect((await ask({ search: 'Harbour' }, owner)).networkDeviceConnection.nodes).toEqual([
      { name: 'Unprovisioned' },
    ]);
    const below = await gateway.token('RESELLER', inside);
    expect((await ask({ search: 'Northern' }, below)).networkDeviceConnection.totalCount).toBe(0);
    const admin = await gateway.token('ADMIN', inside);
    expect((await ask({ search: 'Topmost' }, admin)).networkDeviceConnection.totalCount).toBe(ALL.length);
  });

  it.each<[Filter, string]>([
    [{ lastCommBefore: 'yesterday' }, 'filter.lastCommBefore'],
    [{ model: Array(1_001).fill(newId()) }, 'filter.model'],
    [{ ids: Array(1_001).fill(newId()) }, 'filter.ids'],
    [{ ip: 'a'.repeat(101) }, 'filter.ip'],
    [{ search: 'a'.repeat(101) }, 'filter.search'],
  ])('%#: refused at its place, by list and counts alike', async (filter, path) => {
    const { data, errors } = await gateway.query(QUERY, { token, variables: { filter } });
    expect(data).toEqual({ networkDeviceConnection: null, networkDeviceCounts: null });
    const error = { extensions: { code: 'INVALID_VALUE', rest: { code: 422, message: path } } };
    expect(errors).toMatchObject([error, error]);
  });

  it('more than two counts in a request are refused before any is made', async () => {
    const query =
      '{ a: networkDeviceCounts { total } b: networkDeviceCounts { total } c: networkDeviceCounts { total } }';
    const { errors } = await gateway.query(query, { token });
    expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_LARGE' } }]);
  });
});

it('where more than 100,000 fit, as many are counted', async () => {
  const customer = await createCustomer(gateway);
  await gateway.sql.query(
    `INSERT INTO network_device (id, customer_id, model_id, name, mac_address)
     SELECT 'f' || lpad(to_hex(n), 23, '0'), $1, (SELECT min(id) FROM device_model), 'Device', '0e' || lpad(to_hex(n), 10, '0')
     FROM generate_series(1, 100001) n`,
    [customer],
  );
  const owner = await gateway.token('OWNER', customer);
  const query = '{ networkDeviceCounts { isCapped total online offline } }';
  const { data } = await gateway.query(query, { token: owner });
  expect(data).toEqual({
    networkDeviceCounts: { isCapped: true, total: 100_000, online: 0, offline: 100_000 },
  });
  await gateway.sql.query('DELETE FROM network_device WHERE id = $1', [`f${'1'.padStart(23, '0')}`]);
  const exact = await gateway.query(query, { token: owner });
  expect(exact.data).toMatchObject({ networkDeviceCounts: { isCapped: false, total: 100_000 } });
});
