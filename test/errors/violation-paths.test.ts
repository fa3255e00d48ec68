import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

// Errors of types and those of rules name a value in one way: by the argument, whatever the client calls its variable.

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await sharedGateway();
  device = await createDevice(gateway);
  token = await gateway.token('ADMIN', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

async function pathOf(query: string, variables: Record<string, unknown>): Promise<string | undefined> {
  const { errors } = await gateway.query(query, { variables, token });
  expect(errors).toHaveLength(1);
  return errors[0]?.extensions.violations?.[0]?.path;
}

describe('in a batch of reports', () => {
  const good = (): Record<string, unknown> => ({ device: device.id });
  it.each([
    ['a rule', { upTime: -1 }],
    ['a type', { upTime: 'long' }],
  ])('%s', async (_, bad) => {
    const whole = 'mutation ($r: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $r) { id } }';
    expect(await pathOf(whole, { r: [good(), { ...good(), ...bad }] })).toBe('reports[1].upTime');
    const one =
      'mutation ($a: DeviceStatusReport!, $b: DeviceStatusReport!) { reportDeviceStatus(reports: [$a, $b]) { id } }';
    expect(await pathOf(one, { a: good(), b: { ...good(), ...bad } })).toBe('reports[1].upTime');
  });

  it('a field that is missing', async () => {
    const query = 'mutation ($r: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $r) { id } }';
    expect(await pathOf(query, { r: [good(), { upTime: 1 }] })).toBe('reports[1].device');
  });
});

it('in an update', async () => {
  const query =
    'mutation ($id: ID!, $i: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $i) { id } }';
  expect(await pathOf(query, { id: device.id, i: { wifi: { ssid5G: 5 } } })).toBe('input.wifi.ssid5G');
});

it('in a filter, by the operation that runs', async () => {
  const query = `query A($s: [DeviceState!]) { networkDeviceConnection(filter: { state: $s }) { totalCount } }
    query B($s: [ProvisioningJobState!]) { networkDevice(id: "${device.id}") { provisioningJobs(state: $s) { id } } }`;
  const ask = async (operationName: string): Promise<unknown> => {
    const response = await fetch(gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, operationName, variables: { s: ['NOPE'] } }),
    });
    return await response.json();
  };
  expect(await ask('A')).toMatchObject({
    errors: [{ extensions: { rest: { message: 'state' }, violations: [{ path: 'filter.state[0]' }] } }],
  });
  expect(await ask('B')).toMatchObject({
    errors: [{ extensions: { rest: { message: 'state' }, violations: [{ path: 'state[0]' }] } }],
  });
});
