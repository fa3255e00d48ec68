import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ACCESS_LEVELS } from '../../src/access/viewer.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, sharedGateway, type TestGateway } from '../support/gateway.js';
import { listWith, objectWith } from '../support/matchers.js';
import { type Places, plantTree, type Relation, RELATIONS, TABLE } from './access-table.js';

const READ = 'query ($id: ID!) { networkDevice(id: $id) { id name } }';
const READ_PASSWORDS =
  'query ($id: ID!) { networkDevice(id: $id) { id name wifi { ssid password password5G password6G } } }';
const READ_HISTORY = `query ($id: ID!) { networkDevice(id: $id) {
  changes(first: 100) { nodes { action by before { name } after { wifi { ssid password } } } } settingsAt(version: 1) { wifi { password } }
} }`;
const REVERT = 'mutation ($id: ID!) { revertNetworkDevice(id: $id, toVersion: 1) { id name } }';
const UPDATE = `mutation ($id: ID!, $name: String) {
  updateNetworkDevice(id: $id, input: { name: $name }) { id name }
}`;
const DENIED = { code: 'ACCESS_DENIED', rest: { code: 403, message: 'access_denied' }, retryable: false };

let gateway: TestGateway;
let places: Places;

async function nameOf(id: string): Promise<unknown> {
  const { rows } = await gateway.sql.query<{ name: string }>(
    'SELECT name FROM network_device WHERE id = $1',
    [id],
  );
  return rows[0]?.name;
}

beforeAll(async () => {
  gateway = await sharedGateway();
  places = await plantTree(gateway);
});
afterAll(async () => {
  await gateway.stop();
});

describe.each(ACCESS_LEVELS)('%s does what the access table gives this level, and nothing else', (level) => {
  const { read, update, passwords } = TABLE[level];
  const cells = (allowed: readonly Relation[]): [Relation, string, boolean][] =>
    RELATIONS.map((relation) => {
      const isAllowed = allowed.includes(relation);
      return [relation, isAllowed ? 'allowed' : 'denied', isAllowed];
    });

  it.each(cells(read))('read the device of %s: %s', async (relation, _, isAllowed) => {
    const { viewer, device: id } = places[relation];
    const token = await gateway.token(level, viewer);
    const { data, errors, status } = await gateway.query(READ, { token, variables: { id } });
    expect(status).toBe(200);
    expect(data).toMatchObject({ networkDevice: isAllowed ? { id } : null });
    expect(errors).toMatchObject(isAllowed ? [] : [{ path: ['networkDevice'], extensions: DENIED }]);
  });

  it.each(cells(update))('update the device of %s: %s', async (relation, _, isAllowed) => {
    const { viewer, device: id } = places[relation];
    const token = await gateway.token(level, viewer);
    const before = await nameOf(id);
    const name = `Renamed ${newId()}`;
    const { data, errors, status } = await gateway.query(UPDATE, { token, variables: { id, name } });
    expect(status).toBe(200);
    expect(data).toEqual({ updateNetworkDevice: isAllowed ? { id, name } : null });
    expect(errors).toMatchObject(isAllowed ? [] : [{ path: ['updateNetworkDevice'], extensions: DENIED }]);
    expect(await nameOf(id)).toBe(isAllowed ? name : before);
  });

  it.each(cells(read))('read the history of the device of %s: %s', async (relation, _, isAllowed) => {
    const { viewer, device: id } = places[relation];
    const token = await gateway.token(level, viewer);
    const { data, errors, text } = await gateway.query(READ_HISTORY, { token, variables: { id } });
    const isTold = update.includes(relation);
    if (!passwords.includes(relation)) expect(text).not.toMatch(/JohnConner|SarahConner/);
    if (!isAllowed) {
      expect(data).toEqual({ networkDevice: null });
      expect(errors).toMatchObject([{ path: ['networkDevice'], extensions: DENIED }]);
      return;
    }
    expect(errors).toEqual([]);
    const password = passwords.includes(relation) ? 'JohnConner' : null;
    const imported = {
      action: 'IMPORT',
      by: isTold ? 'import' : null,
      before: null,
      after: { wifi: { ssid: 'SkyNet', password } },
    };
    expect(data).toMatchObject({
      networkDevice: {
        changes: { nodes: listWith([objectWith(imported)]) },
        settingsAt: { wifi: { password } },
      },
    });
  });

  it.each(cells(update))('revert the device of %s: %s', async (relation, _, isAllowed) => {
    const { viewer, device: id } = places[relation];
    const token = await gateway.token(level, viewer);
    const before = await nameOf(id);
    const { data, errors } = await gateway.query(REVERT, { token, variables: { id } });
    expect(data).toEqual({ revertNetworkDevice: isAllowed ? { id, name: 'Johns router' } : null });
    expect(errors).toMatchObject(isAllowed ? [] : [{ path: ['revertNetworkDevice'], extensions: DENIED }]);
    expect(await nameOf(id)).toBe(isAllowed ? 'Johns router' : before);
  });

  it.each(cells(passwords))('read WiFi passwords of %s: %s', async (relation, _, isAllowed) => {
    const { viewer, device: id } = places[relation];
    const token = await gateway.token(level, viewer);
    const { data, errors, text } = await gateway.query(READ_PASSWORDS, { token, variables: { id } });
    if (isAllowed) {
      const wifi = { ssid: 'SkyNet', password: 'JohnConner', password5G: 'SarahConner', password6G: null };
      expect(errors).toEqual([]);
      expect(data).toMatchObject({ networkDevice: { id, wifi } });
      return;
    }
    expect(text).not.toMatch(/JohnConner|SarahConner/);
    if (!read.includes(relation)) {
      expect(data).toEqual({ networkDevice: null });
      expect(errors).toMatchObject([{ path: ['networkDevice'], extensions: DENIED }]);
      return;
    }
    // The rest of the answer stands.
    expect(data).toMatchObject({
      networkDevice: { id, wifi: { ssid: 'SkyNet', password: null, password5G: null, password6G: null } },
    });
    expect(errors).toContainEqual(
      objectWith({
        path: ['networkDevice', 'wifi', 'password'],
        extensions: objectWith(DENIED),
      }),
    );
    expect(errors).toContainEqual(
      objectWith({
        path: ['networkDevice', 'wifi', 'password5G'],
        extensions: objectWith(DENIED),
      }),
    );
    for (const { extensions } of errors) expect(extensions).toMatchObject(DENIED);
  });
});

describe('a level that may nothing is refused at every root field, one at a time', () => {
  const FIELDS: readonly [string, string][] = [
    ['viewer', '{ viewer { id accessLevel customer { id } } }'],
    ['deviceModel', '{ deviceModel(id: "12345678901234567890aaaa") { id } }'],
    ['deviceModels', '{ deviceModels { id } }'],
    ['deviceModels', '{ deviceModels(ids: ["12345678901234567890aaaa"]) { id } }'],
    ['networkDevice', '{ networkDevice(id: "12345678901234567890aaaa") { id } }'],
    [
      'updateNetworkDevice',
      'mutation { updateNetworkDevice(id: "12345678901234567890aaaa", input: {}) { id } }',
    ],
  ];
  const cases = (['NO_LOGIN', 'PERSONAL'] as const).flatMap((level) =>
    FIELDS.map(([field, query]) => ({ level, field, query })),
  );
  it.each(cases)('$level: $query answers ACCESS_DENIED', async ({ level, field, query }) => {
    const token = await gateway.token(level, places['own customer'].viewer);
    const { data, errors } = await gateway.query(query, { token });
    expect(data).toEqual({ [field]: null });
    expect(errors).toMatchObject([{ path: [field], extensions: DENIED }]);
  });

  const readers = ACCESS_LEVELS.filter((level) => level !== 'NO_LOGIN' && level !== 'PERSONAL');
  it.each(readers)('%s, that may something, reads viewer and device models', async (level) => {
    const customer = places['own customer'].viewer;
    const token = await gateway.token(level, customer);
    const { data, errors } = await gateway.query(
      '{ viewer { accessLevel customer { id } } deviceModels { id } }',
      { token },
    );
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ viewer: { accessLevel: level, customer: { id: customer } } });
  });
});

describe('a refusal names the device that was asked for', () => {
  it.each(ACCESS_LEVELS)('%s', async (level) => {
    const token = await gateway.token(level, places['own customer'].viewer);
    const variables = { id: newId(), name: 'x' };
    for (const query of [READ, UPDATE]) {
      const { errors } = await gateway.query(query, { token, variables });
      expect(errors).toMatchObject([{ extensions: { deviceId: variables.id } }]);
    }
  });
});

describe('reach follows the reseller tree as it is at the moment', () => {
  let old: string;
  let next: string;
  let customer: string;
  let id: string;
  beforeEach(async () => {
    old = await createCustomer(gateway);
    next = await createCustomer(gateway, await createCustomer(gateway));
    customer = await createCustomer(gateway, old);
    id = (await createDevice(gateway, { customer: await createCustomer(gateway, customer) })).id;
  });
  const reaches = async (reseller: string): Promise<boolean> => {
    const token = await gateway.token('RESELLER', reseller);
    const { errors } = await gateway.query(READ, { token, variables: { id } });
    return errors.length === 0;
  };

  it('a customer moved by SQL leaves the old reseller and joins the new one, with all below it, at once', async () => {
    expect([await reaches(old), await reaches(next)]).toEqual([true, false]);
    await gateway.sql.query('UPDATE customer SET parent_reseller_id = $2 WHERE id = $1', [customer, next]);
    expect([await reaches(old), await reaches(next)]).toEqual([false, true]);
  });

  it('a customer that loses its reseller is out of reach at once, for updates too', async () => {
    await gateway.sql.query('UPDATE customer SET parent_reseller_id = NULL WHERE id = $1', [customer]);
    expect(await reaches(old)).toBe(false);
    const token = await gateway.token('RESELLER', old);
    const { errors } = await gateway.query(UPDATE, { token, variables: { id, name: 'Still mine' } });
    expect(errors).toMatchObject([{ extensions: DENIED }]);
    expect(await nameOf(id)).toBe('Johns router');
  });

  it('a device that changes its customer changes its reader at once', async () => {
    await gateway.sql.query('UPDATE network_device SET customer_id = $2 WHERE id = $1', [id, next]);
    expect([await reaches(old), await reaches(next)]).toEqual([false, true]);
  });
});
