import { getNamedType, type GraphQLObjectType, isAbstractType, isObjectType, buildSchema } from 'graphql';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { SealedText } from '../../../src/secrets/key-ring.js';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';

const spy = spyOnStatements();
let gateway: TestGateway;
let device: TestDevice;
let token: string;
/** Every field of a device that has no field below it, as a selection, e.g. `model { capabilities { wifi } }`. */
let leaves: readonly string[];

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
  // A value that is null anyhow would not tell whether it was read.
  await gateway.sql.query(`INSERT INTO device_status (device_id) VALUES ($1) ON CONFLICT DO NOTHING`, [
    device.id,
  ]);
  await gateway.sql.query(
    `UPDATE device_status SET last_comm = now(), online = true, lan_ip = '192.168.0.1', subnet_mask = '255.255.255.0',
      gateway = '10.0.0.1', wan_ip = '10.0.0.2', public_ip = '1.2.3.4', up_time_seconds = 1, dns = '9.9.9.9', dns2 = '9.9.9.10',
      ipv6 = '::1', ipv6_dns = '::2', ipv6_dns2 = '::3', sim_status_code = '1', network_type_code = '8', signal_strength = 2,
      ss_signal_strength = 3, uplink_rate_kbps = 4, downlink_rate_kbps = 5, connection_seconds = 6 WHERE device_id = $1`,
    [device.id],
  );
  const schema = buildSchema(await readFile('schema.graphql', 'utf8'), { assumeValidSDL: true });
  const type = schema.getType('NetworkDevice');
  leaves = isObjectType(type) ? leavesOf(type) : [];
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

/** Fields that are found by themselves. */
const FOUND = new Map([
  ['provisioningJobs', 'provisioningJobs { id }'],
  ['changes', 'changes { edges { node { id } } }'],
  ['settingsAt', 'settingsAt(version: 1) { wifi { password } }'],
]);

function leavesOf(type: GraphQLObjectType): readonly string[] {
  return Object.values(type.getFields()).flatMap((field) => {
    const found = FOUND.get(field.name);
    if (found !== undefined) return [found];
    if (field.args.length > 0) throw new Error(`Nobody knows how to ask for ${field.name}.`);
    const below = getNamedType(field.type);
    if (isAbstractType(below)) throw new Error('Nobody knows how to ask for that.');
    return isObjectType(below) ? leavesOf(below).map((leaf) => `${field.name} { ${leaf} }`) : [field.name];
  });
}

const FORMS = {
  networkDevices: (selection: string) => `{ networkDevices(ids: ["${device.id}"]) { ${selection} } }`,
  networkDeviceConnection: (selection: string) => `{ networkDeviceConnection { nodes { ${selection} } } }`,
  'edges of networkDeviceConnection': (selection: string) =>
    `{ networkDeviceConnection { edges { node { ${selection} } } } }`,
  node: (selection: string) => `{ node(id: "${device.id}") { ... on NetworkDevice { ${selection} } } }`,
  _entities: (selection: string) =>
    `{ _entities(representations: [{ __typename: "NetworkDevice", id: "${device.id}" }]) { ... on NetworkDevice { ${selection} } } }`,
} as const;

/** What is answered for a selection: the only device, wherever it stands. */
async function answered(form: keyof typeof FORMS, selection: string): Promise<unknown> {
  const { data, errors } = await gateway.query(FORMS[form](selection), { token });
  expect(errors).toEqual([]);
  return data;
}

const ofSingle = z.object({ networkDevice: z.unknown() });

describe('what is read of a device of a list is what is selected', () => {
  it('tables of which nothing is selected are not joined, and columns not read', async () => {
    spy.clear();
    await answered('networkDevices', 'name status { online }');
    const [text = ''] = spy.texts();
    expect(text).toContain('d.name');
    expect(text).toContain('s.online');
    for (const absent of ['device_model', 'JOIN customer', 'wifi', 'dhcp', 's.last_comm', 'd.notes']) {
      expect(text).not.toContain(absent);
    }
  });

  it('a skipped field is not read either', async () => {
    spy.clear();
    await gateway.query(
      'query ($ids: [ID!]!, $no: Boolean!) { networkDevices(ids: $ids) { name notes @include(if: $no) ... @include(if: $no) { serialNumber } } }',
      { token, variables: { ids: [device.id], no: false } },
    );
    expect(spy.texts().join()).not.toMatch(/d\.(notes|serial_number)/);
  });

  it.each([
    'networkDevices',
    'networkDeviceConnection',
    'edges of networkDeviceConnection',
    'node',
    '_entities',
  ] as const)(
    '%s: every field that is asked for alone has the value that a whole device has',
    async (form) => {
      expect(leaves.length).toBeGreaterThan(70);
      for (const leaf of leaves) {
        const single = await gateway.query(`{ networkDevice(id: "${device.id}") { ${leaf} } }`, { token });
        const expected = ofSingle.parse(single.data).networkDevice;
        if (leaf.startsWith('status')) expect(JSON.stringify(expected), leaf).not.toContain('null');
        expect(JSON.stringify(await answered(form, leaf)), leaf).toContain(JSON.stringify(expected));
      }
    },
    120_000,
  );

  it('a section of which no field is asked for is there', async () => {
    for (const section of ['wifi', 'dhcp', 'status', 'model', 'customer', 'model { capabilities']) {
      const closing = section.includes('{') ? ' } }' : ' }';
      expect(JSON.stringify(await answered('networkDevices', `${section} { __typename${closing}`))).toContain(
        '__typename',
      );
    }
  });

  it('a password that is not asked for is never opened, and one that is, once for each device', async () => {
    const opened = vi.spyOn(SealedText.prototype, 'remember');
    const openings = async (selection: string): Promise<number> => {
      opened.mockClear();
      for (const form of ['networkDevices', 'networkDeviceConnection'] as const)
        await answered(form, selection);
      return opened.mock.calls.length;
    };
    expect(await openings('name wifi { ssid } model { name } status { online } dhcp { enable }')).toBe(0);
    expect(await openings('wifi { password @skip(if: true) ssid }')).toBe(0);
    expect(await openings('wifi { password }')).toBe(2);
    expect(await openings('wifi { password again: password }')).toBe(2);
    expect(await openings('wifi { password password5G }')).toBe(4);
    opened.mockRestore();
  });
});

it('selections beyond the first 64 read whole devices, and answer the same', async () => {
  await gateway.stop();
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
  const names = ['version', 'state', 'name', 'notes', 'jobs', 'serialNumber', 'createdAt'];
  const texts = new Set<string>();
  for (let bits = 1; bits < 2 ** names.length; bits += 1) {
    const selection = names.filter((_, index) => (bits & (2 ** index)) !== 0).join(' ');
    const single = await gateway.query(`{ networkDevice(id: "${device.id}") { ${selection} } }`, { token });
    const expected = ofSingle.parse(single.data).networkDevice;
    spy.clear();
    expect(await answered('networkDevices', selection)).toEqual({ networkDevices: [expected] });
    for (const text of spy.texts()) texts.add(text);
  }
  expect(texts.size).toBeLessThanOrEqual(65);
  expect(texts.size).toBeGreaterThan(20);
});
