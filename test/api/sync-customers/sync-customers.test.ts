import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../../src/access/viewer.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, newId, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { Subscriber } from '../../live/subscriber.js';

const SYNC =
  'mutation ($customers: [CustomerSyncInput!]!) { syncCustomers(customers: $customers) { id name } }';

let gateway: TestGateway;
let admin: string;
let machine: string;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  admin = await gateway.token('ADMIN', await createCustomer(gateway));
  if (gateway.app.issuer === undefined) throw new Error('This gateway has no local issuer.');
  machine = await gateway.app.issuer.issue({ subject: 'platform', scope: 'customer:sync' }, '5m');
});
afterAll(async () => {
  await gateway.stop();
});

type Wish = Readonly<Record<string, unknown>>;

async function sync(customers: readonly Wish[], token = machine): Promise<GraphqlAnswer> {
  return await gateway.query(SYNC, { token, variables: { customers } });
}

/** What is stored of customers: name, and the way from the top of the tree. */
async function stored(...ids: readonly string[]): Promise<readonly unknown[]> {
  const { rows } = await gateway.sql.query<{ id: string; name: string; way: string[] }>(
    'SELECT id, name, ancestor_ids AS way FROM customer WHERE id = ANY ($1)',
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

async function audited(id: string): Promise<readonly unknown[]> {
  const { rows } = await gateway.sql.query<object>(
    `SELECT object_type, action, paths, subject, access_level FROM catalog_audit
     WHERE object_id = $1 AND request_id <> '' ORDER BY id`,
    [id],
  );
  return rows;
}

/** Which of the devices somebody at a customer finds in lists. */
async function listed(customer: string): Promise<unknown> {
  const token = await gateway.token('RESELLER', customer);
  const { data } = await gateway.query('{ networkDeviceConnection { nodes { id } totalCount } }', { token });
  return data;
}

const BY = { object_type: 'CUSTOMER', action: 'SYNC', subject: 'platform', access_level: null };

describe('syncCustomers', () => {
  it('inserts customers of one call in any order, and shows what was sent', async () => {
    const [top, middle, leaf] = [newId(), newId(), newId()];
    const { data, errors } = await sync([
      { id: leaf, name: 'Leaf', parentReseller: middle.toUpperCase() },
      { id: middle.toUpperCase(), name: '  Mid\u0041\u0301 ', parentReseller: top },
      { id: top, name: 'Top' },
    ]);
    expect(errors).toEqual([]);
    expect(data).toEqual({
      syncCustomers: [
        { id: leaf, name: 'Leaf' },
        { id: middle, name: 'Mid\u00c1' },
        { id: top, name: 'Top' },
      ],
    });
    expect(await stored(leaf, middle, top)).toEqual([
      { id: leaf, name: 'Leaf', way: [top, middle, leaf] },
      { id: middle, name: 'Mid\u00c1', way: [top, middle] },
      { id: top, name: 'Top', way: [top] },
    ]);
    expect(await audited(leaf)).toEqual([{ ...BY, paths: ['name', 'parentReseller'] }]);
    expect(await audited(top)).toEqual([{ ...BY, paths: ['name'] }]);
  });

  it('absent leaves, null is the top, and what is so already leaves no trace', async () => {
    const reseller = await createCustomer(gateway);
    const id = await createCustomer(gateway, reseller);
    await sync([{ id, name: 'Renamed' }]);
    expect(await stored(id)).toEqual([{ id, name: 'Renamed', way: [reseller, id] }]);
    await sync([{ id, parentReseller: reseller, name: 'Renamed' }]);
    const { data } = await sync([{ id, parentReseller: null }]);
    expect(data).toEqual({ syncCustomers: [{ id, name: null }] });
    expect(await stored(id)).toEqual([{ id, name: 'Renamed', way: [id] }]);
    expect(await audited(id)).toEqual([
      { ...BY, paths: ['name'] },
      { ...BY, paths: ['parentReseller'] },
    ]);
    const shown = await sync([{ id }], admin);
    expect(shown.data).toEqual({ syncCustomers: [{ id, name: 'Renamed' }] });
  });

  it('customers that change places with those below them', async () => {
    const upper = await createCustomer(gateway);
    const middle = await createCustomer(gateway, upper);
    const between = await createCustomer(gateway, middle);
    const lower = await createCustomer(gateway, between);
    const { errors } = await sync([
      { id: upper, parentReseller: lower },
      { id: middle, parentReseller: null },
    ]);
    expect(errors).toEqual([]);
    expect(await stored(middle, between, lower, upper)).toMatchObject([
      { way: [middle] },
      { way: [middle, between] },
      { way: [middle, between, lower] },
      { way: [middle, between, lower, upper] },
    ]);
  });

  it('reach follows at once: single reads, lists, totals, writes and running subscriptions', async () => {
    const [before, after] = [await createCustomer(gateway), await createCustomer(gateway)];
    const moved = await createCustomer(gateway, before);
    const device = await createDevice(gateway, { customer: await createCustomer(gateway, moved) });
    const read = 'query ($id: ID!) { networkDevice(id: $id) { id } }';
    const rename =
      'mutation ($id: ID!, $name: String!) { updateNetworkDevice(id: $id, input: { name: $name }) { id } }';
    const tokens = {
      before: await gateway.token('RESELLER', before),
      after: await gateway.token('RESELLER', after),
    };
    const watch = async (token: string): Promise<Subscriber> => {
      const subscriber = await Subscriber.connect(gateway, { authorization: `Bearer ${token}` });
      await subscriber.watch('w');
      return subscriber;
    };
    const watching = { before: await watch(tokens.before), after: await watch(tokens.after) };
    await sync([{ id: moved, parentReseller: after }]);
    const one = { nodes: [{ id: device.id }], totalCount: 1 };
    expect(await listed(before)).toEqual({ networkDeviceConnection: { nodes: [], totalCount: 0 } });
    expect(await listed(after)).toEqual({ networkDeviceConnection: one });
    for (const [place, token] of Object.entries(tokens)) {
      const codes = [read, rename].map(async (query) => {
        const { errors } = await gateway.query(query, { token, variables: { id: device.id, name: place } });
        return errors.map(({ extensions }) => extensions.code);
      });
      const expected = place === 'before' ? ['ACCESS_DENIED'] : [];
      expect(await Promise.all(codes)).toEqual([expected, expected]);
    }
    expect(await watching.after.receives('w', 1)).toMatchObject([{ id: device.id, name: 'after' }]);
    expect(watching.before.events('w')).toEqual([]);
    for (const subscriber of Object.values(watching)) subscriber.close();
  });

  it.each<[string, (known: string) => readonly Wish[], readonly string[]]>([
    ['none', () => [], ['customers']],
    ['501', () => Array.from({ length: 501 }, () => ({ id: newId(), name: 'x' })), ['customers']],
    ['an id that is none', () => [{ id: 'x', name: 'x' }], ['customers[0].id']],
    ['a customer twice', (known) => [{ id: known }, { id: known.toUpperCase() }], ['customers[1].id']],
    ['a new one without a name', () => [{ id: newId() }], ['customers[0].name']],
    ['a name that is cleared', (known) => [{ id: known, name: null }], ['customers[0].name']],
    ['a name of blanks', (known) => [{ id: known, name: ' ' }], ['customers[0].name']],
    ['a name that does not show', (known) => [{ id: known, name: '\u200b\u00ad' }], ['customers[0].name']],
    [
      'an unknown reseller, and one that is no id',
      (known) => [
        { id: known, parentReseller: newId() },
        { id: newId(), name: 'x', parentReseller: 'reseller' },
      ],
      ['customers[0].parentReseller', 'customers[1].parentReseller'],
    ],
    ['itself', (known) => [{ id: known, parentReseller: known }], ['customers[0].parentReseller']],
    [
      'each other, and a bad name beside it',
      (known) => {
        const other = newId();
        return [
          { id: known, parentReseller: other },
          { id: other, name: '', parentReseller: known },
        ];
      },
      ['customers[0].parentReseller', 'customers[1].name', 'customers[1].parentReseller'],
    ],
  ])('%s: every violation, and nothing is written', async (_, wishes, paths) => {
    const known = await createCustomer(gateway);
    const before = await stored(known);
    const good = newId();
    const bad = wishes(known);
    const customers = bad.length > 0 && bad.length < 500 ? [...bad, { id: good, name: 'Good' }] : bad;
    const { data, errors } = await sync(customers);
    expect(data).toEqual({ syncCustomers: null });
    const violations = paths.map((path) => ({ path, code: 'INVALID_VALUE' }));
    expect(errors).toMatchObject([
      { extensions: { code: 'INVALID_VALUE', rest: { code: 422, message: paths[0] }, violations } },
    ]);
    expect(await stored(known, good)).toEqual([...before, undefined]);
  });

  it('a ring through customers that are not in the call is refused at the member that is', async () => {
    const upper = await createCustomer(gateway);
    const lower = await createCustomer(gateway, await createCustomer(gateway, upper));
    const { errors } = await sync([
      { id: newId(), name: 'x' },
      { id: upper, parentReseller: lower },
    ]);
    expect(errors).toMatchObject([
      { extensions: { violations: [{ path: 'customers[1].parentReseller', code: 'INVALID_VALUE' }] } },
    ]);
  });

  it('two at once that would close a ring: one is refused, and no one is in a ring', async () => {
    const [one, other] = [await createCustomer(gateway), await createCustomer(gateway)];
    const answers = await Promise.all([
      sync([{ id: one, parentReseller: other }]),
      sync([{ id: other, parentReseller: one }]),
    ]);
    expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
  });

  it.each(ACCESS_LEVELS)('%s without the scope may only as ADMIN', async (level) => {
    const id = await createCustomer(gateway);
    const { errors } = await sync([{ id, name: level }], await gateway.token(level, id));
    if (level === 'ADMIN') expect(errors).toEqual([]);
    else expect(errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
  });

  it('the scope gains nothing else', async () => {
    const customer = await createCustomer(gateway);
    const device = await createDevice(gateway, { customer });
    const { data, errors } = await gateway.query(
      `query ($device: ID!, $customer: ID!) { networkDevice(id: $device) { id } customer(id: $customer) { id }
        viewer { id } customerConnection { totalCount } }`,
      { token: machine, variables: { device: device.id, customer } },
    );
    expect(data).toEqual({ networkDevice: null, customer: null, viewer: null, customerConnection: null });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(4).fill('ACCESS_DENIED'));
    const report = `mutation { reportDeviceStatus(reports: [{ device: "${device.id}" }]) { id } }`;
    const reported = await gateway.query(report, { token: machine });
    expect(reported.errors).toMatchObject([{ extensions: { code: 'ACCESS_DENIED' } }]);
  });

  it('500 customers are as many statements as one', async () => {
    const statements = async (count: number): Promise<number> => {
      const customers = Array.from({ length: count }, (_, index) => ({ id: newId(), name: `C ${index}` }));
      const before = await calls();
      expect((await sync(customers)).errors).toEqual([]);
      return (await calls()) - before;
    };
    await statements(1);
    expect(await statements(500)).toBe(await statements(1));
  });

  /** Statements of this gateway so far, by its own metrics. */
  async function calls(): Promise<number> {
    const text = await (await fetch(gateway.url.replace('/graphql', '/metrics'))).text();
    const counts = [...text.matchAll(/database_statement_duration_seconds_count\{[^}]*\} (\d+)/g)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }
});
