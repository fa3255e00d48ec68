import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLOutputType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cursorOf } from '../../src/operations/paging.js';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../support/gateway.js';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

/** Texts that stand in the device of one customer, and in no answer to another. */
const CANARIES = ['C4naryName', 'C4naryNotes', 'C4narySsid', 'C4naryPassword', 'C4naryCustomer'] as const;

/**
 * Every root field, and which of the texts whoever may read everything finds in its answer. A field that is new has to be
 * written down here, and is then held against the wall below.
 */
const SHOWS: Readonly<Record<string, readonly (typeof CANARIES)[number][]>> = {
  _entities: CANARIES,
  _sdl: [],
  _service: [],
  customer: ['C4naryCustomer'],
  customerConnection: ['C4naryCustomer'],
  customers: ['C4naryCustomer'],
  deviceModel: [],
  deviceModels: [],
  networkDevice: CANARIES,
  networkDeviceConnection: CANARIES,
  networkDeviceCounts: [],
  networkDevices: CANARIES,
  node: CANARIES,
  viewer: [],
  createDeviceModel: [],
  syncCustomers: [],
  updateDeviceModel: [],
  deleteDeviceModel: [],
  updateNetworkDevice: CANARIES,
  createNetworkDevice: ['C4naryCustomer'],
  deleteNetworkDevice: CANARIES,
  replaceNetworkDevice: CANARIES,
  retryProvisioning: CANARIES,
  revertNetworkDevice: CANARIES,
  reportDeviceStatus: CANARIES,
};

/** Root fields that refuse what this test asks: a model by the id of a device, a new model or customer without a name. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  deviceModel: ['NOT_FOUND'],
  createDeviceModel: ['INVALID_VALUE'],
  syncCustomers: ['INVALID_VALUE'],
  updateDeviceModel: ['NOT_FOUND'],
  deleteDeviceModel: ['NOT_FOUND'],
};

/** The ids that documents ask for. */
interface Ids {
  readonly device: string;
  readonly customer: string;
  readonly model: string;
}

/** How fields are called that need arguments, or would tell too much of each device of a list without them. */
const CALLS: Readonly<Record<string, string>> = {
  'NetworkDevice.changes': 'changes(first: 1)',
  'NetworkDevice.settingsAt': 'settingsAt(version: 1)',
};

/** Everything that a type can tell, without going round in circles. */
function selection(type: GraphQLOutputType, path: readonly string[] = []): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  if (isAbstractType(named)) {
    const parts = schema
      .getPossibleTypes(named)
      .map((member) => `... on ${member.name} ${selection(member, path)}`);
    return `{ __typename ${parts.join(' ')} }`;
  }
  const fields = Object.values(named.getFields())
    .map((field) => ({ ...field, call: CALLS[`${named.name}.${field.name}`] ?? field.name }))
    .filter(
      ({ type: inner, name, call, args }) =>
        !path.includes(getNamedType(inner).name) && (call !== name || !args.some(isRequiredArgument)),
    )
    .map((field) => `${field.call} ${selection(field.type, [...path, named.name])}`);
  return `{ __typename ${fields.join(' ')} }`;
}

/** A value for an argument: ids by the name of what they belong to, and nothing that changes a device. */
function literal(name: string, type: GraphQLInputType, ids: Ids): string {
  if (isNonNullType(type)) return literal(name, type.ofType, ids);
  if (isListType(type)) return `[${literal(name, type.ofType, ids)}]`;
  if (type.toString() === '_Any') return `{ __typename: "NetworkDevice", id: "${ids.device}" }`;
  if (type.toString() === 'ID')
    return `"${name === 'customer' || name === 'model' ? ids[name] : ids.device}"`;
  if (type.toString() === 'Int') return '1';
  if (type.toString() === 'MacAddress') return `"${newMac()}"`;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields())
      .filter((field) => field.type.toString().startsWith('ID') || isRequiredInputField(field))
      .filter(({ name: field }) => field !== 'mvnoAccount');
    return `{ ${fields.map((field) => `${field.name}: ${literal(field.name, field.type, ids)}`).join(', ')} }`;
  }
  return 'null';
}

/** A document that asks a root field for everything about these ids, with all arguments that take an id. */
function documentOf(root: GraphQLObjectType, field: GraphQLField<unknown, unknown>, ids: Ids): string {
  const wanted = field.name.startsWith('customer') ? { ...ids, device: ids.customer } : ids;
  const args = field.args
    .filter((arg) => isRequiredArgument(arg) || /\bID\b|Filter/.test(arg.type.toString()))
    .filter(({ name }) => !(field.name === 'deviceModels' && name === 'ids'))
    .map((arg) => `${arg.name}: ${literal(arg.name, arg.type, wanted)}`);
  const call = args.length === 0 ? field.name : `${field.name}(${args.join(', ')})`;
  return `${root.name.toLowerCase()} { ${call} ${selection(field.type)} }`;
}

const ROOTS = [schema.getQueryType(), schema.getMutationType()].filter(isObjectType);
const FIELDS = ROOTS.flatMap((root) =>
  Object.values(root.getFields()).map((field) => ({ root, field, name: field.name })),
);

describe('no customer sees another one, by any root field of the schema', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let ids: Ids;
  let strangers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway, {
      name: 'C4naryName',
      notes: 'C4naryNotes',
      wifi: { ssid: 'C4narySsid', password: 'C4naryPassword' },
    });
    const { rows } = await gateway.sql.query<{ id: string }>('SELECT model_id AS id FROM network_device');
    ids = { device: device.id, customer: device.customer, model: rows[0]?.id ?? '' };
    await gateway.sql.query(`UPDATE customer SET name = 'C4naryCustomer' WHERE id = $1`, [device.customer]);
    const elsewhere = await createCustomer(gateway);
    if (gateway.app.issuer === undefined) throw new Error('This gateway has no local issuer.');
    strangers = {
      VIEWER: await gateway.token('VIEWER', elsewhere),
      OWNER: await gateway.token('OWNER', elsewhere),
      RESELLER: await gateway.token('RESELLER', elsewhere),
      PERSONAL: await gateway.token('PERSONAL', device.customer),
      'a collector of status': await gateway.app.issuer.issue(
        { subject: 'collector', scope: 'status:report' },
        '5m',
      ),
    };
  });
  afterAll(async () => {
    await gateway.stop();
  });

  /** The others are to find the device as it was. */
  const undoDelete = async (): Promise<void> => {
    await gateway.sql.query('DELETE FROM provisioning_job WHERE device_id = $1', [device.id]);
    await gateway.sql.query(
      `UPDATE network_device SET state = 'ACTIVE', jobs = 0, has_open_removal = false WHERE id = $1`,
      [device.id],
    );
  };

  const shown = (text: string): readonly string[] => CANARIES.filter((canary) => text.includes(canary));

  it('every root field is known to this test', () => {
    expect(FIELDS.map(({ name }) => name).toSorted()).toEqual(Object.keys(SHOWS).toSorted());
  });

  it.each(FIELDS)('ADMIN sees what there is: $name', async ({ root, field, name }) => {
    const token = await gateway.token('ADMIN', device.customer);
    const { text, errors } = await gateway.query(documentOf(root, field, ids), { token });
    const expected = name === 'viewer' ? ['C4naryCustomer'] : SHOWS[name];
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(REFUSED[name] ?? []);
    expect(shown(text)).toEqual(expected);
    if (name === 'deleteNetworkDevice') await undoDelete();
  });

  describe.each(['VIEWER', 'OWNER', 'RESELLER', 'PERSONAL', 'a collector of status'])('%s', (stranger) => {
    it.each(FIELDS)('$name', async ({ root, field }) => {
      const { text } = await gateway.query(documentOf(root, field, ids), {
        token: strangers[stranger] ?? '',
      });
      expect(shown(text)).toEqual([]);
      expect(text).not.toContain(device.macAddress);
    });
  });

  it.each([
    ['search by name', '(filter: { search: "C4nary" })'],
    ['search by MAC address', '(filter: { search: "MAC" })'],
    ['the page after its cursor', '(last: 500, after: "CURSOR")'],
    ['the page before its cursor', '(first: 500, before: "CURSOR")'],
    ['all', '(first: 500)'],
  ])('a list neither shows nor counts it: %s', async (_name, args) => {
    const given = args.replace('MAC"', `${device.macAddress}"`).replace('CURSOR', cursorOf(device.id));
    const { data } = await gateway.query(`{ networkDeviceConnection${given} { totalCount nodes { id } } }`, {
      token: strangers['RESELLER'] ?? '',
    });
    expect(data).toEqual({ networkDeviceConnection: { totalCount: 0, nodes: [] } });
  });

  it.each(['GET', 'POST'])('the REST page, %s', async (method) => {
    const response = await fetch(new URL(`/network/device/${device.id}`, gateway.url), {
      method,
      headers: { authorization: `Bearer ${strangers['OWNER'] ?? ''}`, 'content-type': 'application/json' },
      ...(method === 'POST' && { body: '{"notes":"x"}' }),
    });
    expect(response.status).toBe(403);
    expect(shown(await response.text())).toEqual([]);
  });
});
