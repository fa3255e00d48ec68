import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, storedRow } from './update.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun) { version }
}`;
const BAD_REQUEST = { code: 400, message: 'bad_request' };
const SECRET = '1NT3RN3T!';

/** The body of the page's own example, which is in no schema: the page's properties are called otherwise. */
const EXAMPLE = {
  name: 'My Primary Router',
  network: { wireless: { ssid: 'SkyNet', password: SECRET } },
};

describe('updateNetworkDevice never runs, and never repeats a secret, when the request does not fit the schema', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function send(
    device: TestDevice,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<GraphqlAnswer> {
    const token = await gateway.token('MANAGER', device.customer);
    return await gateway.query(query, { token, ...(variables && { variables }) });
  }

  it("refuses the page's example body as an unknown field, by name and without the password", async () => {
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const { data, errors, text } = await send(device, UPDATE, { id: device.id, input: EXAMPLE });
    expect(data).toBeUndefined();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      rest: BAD_REQUEST,
      retryable: false,
    });
    expect(errors[0]?.message).toContain('network');
    expect(text).not.toContain(SECRET);
    expect(gateway.logLines.join('')).not.toContain(SECRET);
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it("refuses the page's example body as a literal alike", async () => {
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const input = `{ name: "My Primary Router", network: { wireless: { ssid: "SkyNet", password: "${SECRET}" } } }`;
    const query = `mutation { updateNetworkDevice(id: "${device.id}", input: ${input}) { version } }`;
    const { data, errors, text } = await send(device, query);
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', rest: BAD_REQUEST });
    expect(errors[0]?.message).toContain('network');
    expect(text).not.toContain(SECRET);
    expect(gateway.logLines.join('')).not.toContain(SECRET);
    expect(await storedRow(gateway, device)).toBe(row);
  });

  const wifi = (field: string, value: unknown): object => ({ wifi: { [field]: value } });
  const dhcp = (field: string, value: unknown): object => ({ dhcp: { [field]: value } });
  const client = (field: string, value: unknown): object => dhcp('reservedClients', [{ [field]: value }]);
  const misfits: { rule: string; input: unknown; at: string }[] = [
    { rule: 'no input', input: undefined, at: 'input' },
    { rule: 'null as input', input: null, at: 'input' },
    { rule: 'a text as input', input: SECRET, at: 'input' },
    { rule: 'a list as input', input: [], at: 'input' },
    { rule: 'a number as String', input: { name: 5 }, at: 'name' },
    { rule: 'a boolean as String', input: { notes: true }, at: 'notes' },
    { rule: 'a list as String', input: { name: [SECRET] }, at: 'name' },
    { rule: 'an object as String', input: { name: { text: SECRET } }, at: 'name' },
    { rule: 'a number as password', input: wifi('password', 12_345_678), at: 'password' },
    { rule: 'a list as password', input: wifi('password', [SECRET]), at: 'password' },
    { rule: 'a number as MacAddress', input: { macAddress: 123_456_789_012 }, at: 'macAddress' },
    { rule: 'a list as MacAddress', input: { macAddress: ['123456789012'] }, at: 'macAddress' },
    { rule: 'a number as IPv4', input: dhcp('ipPoolStart', 3_232_235_530), at: 'ipPoolStart' },
    { rule: 'an object as IPv4', input: dhcp('primaryDnsServer', {}), at: 'primaryDnsServer' },
    { rule: 'a text as Boolean', input: wifi('enabled', 'true'), at: 'enabled' },
    { rule: 'a number as Boolean', input: dhcp('enable', 1), at: 'enable' },
    { rule: 'a text as Int', input: dhcp('leaseTime', '10'), at: 'leaseTime' },
    { rule: 'a fraction as Int', input: dhcp('leaseTime', 1.5), at: 'leaseTime' },
    { rule: 'more than an Int holds', input: dhcp('leaseTime', 2_147_483_648), at: 'leaseTime' },
    { rule: 'a boolean as Int', input: dhcp('leaseTime', true), at: 'leaseTime' },
    { rule: 'a text as section', input: { wifi: SECRET }, at: 'wifi' },
    { rule: 'a list as section', input: { dhcp: [] }, at: 'dhcp' },
    { rule: 'an unknown field of a section', input: wifi('passphrase', SECRET), at: 'passphrase' },
    { rule: 'a field of the page that is read-only', input: { jobs: 1 }, at: 'jobs' },
    { rule: 'version as a field', input: { version: 2 }, at: 'version' },
    { rule: 'a text as list', input: dhcp('reservedClients', SECRET), at: 'reservedClients' },
    { rule: 'null in a list', input: dhcp('reservedClients', [null]), at: 'reservedClients[0]' },
    { rule: 'a number in a list', input: dhcp('reservedClients', [5]), at: 'reservedClients[0]' },
    { rule: 'a number as MacAddress in a list', input: client('mac', 5), at: 'reservedClients[0].mac' },
    { rule: 'a boolean as IPv4 in a list', input: client('ip', true), at: 'reservedClients[0].ip' },
    { rule: 'a text as Boolean in a list', input: client('enable', 'true'), at: 'reservedClients[0].enable' },
    { rule: 'an unknown field in a list', input: client('hostname', SECRET), at: 'hostname' },
  ];
  it.each(byRule(misfits))('refuses %s in the variables', async (_, { input, at }) => {
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const { data, errors, text } = await send(device, UPDATE, { id: device.id, input });
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', rest: BAD_REQUEST });
    expect(errors[0]?.message).toContain(at);
    expect(text).not.toContain(SECRET);
    expect(await storedRow(gateway, device)).toBe(row);
  });

  const badArguments: { rule: string; values: Record<string, unknown> }[] = [
    { rule: 'no id', values: { id: undefined } },
    { rule: 'null as id', values: { id: null } },
    { rule: 'a list as id', values: { id: [] } },
    { rule: 'a text as expectedVersion', values: { expectedVersion: '1' } },
    { rule: 'a fraction as expectedVersion', values: { expectedVersion: 1.5 } },
    { rule: 'a text as dryRun', values: { dryRun: 'true' } },
    { rule: 'a number as dryRun', values: { dryRun: 1 } },
  ];
  it.each(byRule(badArguments))('refuses %s in the variables', async (_, { values }) => {
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const variables = { id: device.id, input: { name: 'Renamed' }, ...values };
    const { data, errors } = await send(device, UPDATE, variables);
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', rest: BAD_REQUEST });
    expect(errors[0]?.message).toContain(Object.keys(values)[0]);
    expect(await storedRow(gateway, device)).toBe(row);
  });

  const badLiterals = [
    'input: { name: 5 }',
    'input: { name: ["x"] }',
    'input: { notes: true }',
    'input: { notes: BARE }',
    'input: { macAddress: 123456789012 }',
    'input: { wifi: { enabled: "true" } }',
    'input: { wifi: { enabled: 1 } }',
    'input: { wifi: { password: 12345678 } }',
    'input: { wifi: "x" }',
    'input: { dhcp: { leaseTime: "10" } }',
    'input: { dhcp: { leaseTime: 1.5 } }',
    'input: { dhcp: { leaseTime: 2147483648 } }',
    'input: { dhcp: { ipPoolStart: 1.5 } }',
    'input: { dhcp: { reservedClients: [null] } }',
    'input: { dhcp: { reservedClients: [{ mac: 5 }] } }',
    'input: { name: "x", name: "y" }',
    'input: null',
    'input: {}, expectedVersion: "1"',
    'input: {}, dryRun: "true"',
    'input: {}, force: true',
    'expectedVersion: 1',
  ];
  it.each(badLiterals)('refuses the literal %s', async (literal) => {
    const device = await createDevice(gateway);
    const row = await storedRow(gateway, device);
    const query = `mutation { updateNetworkDevice(id: "${device.id}", ${literal}) { version } }`;
    const { data, errors, text } = await send(device, query);
    expect(data).toBeUndefined();
    expect(errors[0]?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED', rest: BAD_REQUEST });
    expect(text).not.toMatch(/12345678\b|123456789012/);
    expect(await storedRow(gateway, device)).toBe(row);
  });

  it('runs a batch in which one text is malformed: only that device is refused', async () => {
    const [bad, good] = [await createDevice(gateway), await createDevice(gateway)];
    const token = await gateway.token('ADMIN', bad.customer);
    const query = `mutation ($bad: ID!, $good: ID!, $mac: MacAddress, $ip: IPv4) {
      bad: updateNetworkDevice(id: $bad, input: { macAddress: $mac, dhcp: { ipPoolStart: $ip } }) { id version }
      good: updateNetworkDevice(id: $good, input: { name: "Renamed" }) { id version name }
    }`;
    const variables = { bad: bad.id, good: good.id, mac: 'no MAC', ip: '192.168.0.010' };
    const { data, errors, status } = await gateway.query(query, { token, variables });
    expect(status).toBe(200);
    expect(data).toEqual({ bad: null, good: { id: good.id, version: 2, name: 'Renamed' } });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      path: ['bad'],
      extensions: { code: 'INVALID_VALUE', deviceId: bad.id },
    });
    const paths = errors[0]?.extensions.violations?.map(({ path }) => path);
    expect(paths).toEqual(['macAddress', 'dhcp.ipPoolStart']);
  });

  it('keeps absent and null apart when variables stand inside a literal input', async () => {
    const device = await createDevice(gateway);
    const query = `mutation ($id: ID!, $name: String, $notes: String, $ssid: String) {
      updateNetworkDevice(id: $id, input: { name: $name, notes: $notes, wifi: { ssid6G: $ssid } }) { version name notes }
    }`;
    const { data, errors } = await send(device, query, { id: device.id, notes: null });
    expect(errors).toEqual([]);
    expect(data).toEqual({ updateNetworkDevice: { version: 2, name: 'Johns router', notes: null } });
  });
});
