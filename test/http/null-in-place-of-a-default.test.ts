import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventReader } from '../live/event-reader.js';
import { connect } from '../live/subscriber.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';

// A variable with a default may have a type that takes null and stand where null may not. The null of a request is then its error,
// told once, and no failure of each field that it reaches.

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '0' });
  device = await createDevice(gateway);
  token = await gateway.token('ADMIN', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

const PLACES: readonly [string, string][] = [
  ['query ($v: ID = "D") { networkDevice(id: $v) { id } }', 'id'],
  ['query ($v: [ID!] = ["D"]) { networkDevices(ids: $v) { id } }', 'ids'],
  ['query ($v: ID = "D") { networkDevices(ids: ["D", $v]) { id } }', 'ids[1]'],
  ['query ($v: [_Any!] = []) { _entities(representations: $v) { __typename } }', 'representations'],
  ['query ($v: Boolean = true) { viewer { id @include(if: $v) } }', 'if'],
  ['query ($v: Boolean = false) { viewer @skip(if: $v) { id } }', 'if'],
  ['query ($v: Boolean = true) { viewer { ...F @include(if: $v) } } fragment F on Viewer { id }', 'if'],
  ['query ($v: Boolean = true) { viewer { ... @include(if: $v) { id } } }', 'if'],
  ['query ($v: Boolean = true) { viewer { ...F } } fragment F on Viewer { id @include(if: $v) }', 'if'],
  [
    'query ($v: DeviceState = ACTIVE) { networkDeviceConnection(filter: { state: [PROVISIONING, $v] }) { totalCount } }',
    'filter.state[1]',
  ],
  [
    'mutation ($v: DeviceUpdateInput = {}) { updateNetworkDevice(id: "D", input: $v, dryRun: true) { id } }',
    'input',
  ],
  ['mutation ($v: ID = "D") { updateNetworkDevice(id: $v, input: {}, dryRun: true) { id } }', 'id'],
  ['mutation ($v: ID = "D") { reportDeviceStatus(reports: [{ device: $v }]) { id } }', 'reports[0].device'],
];

/** The same, as an operation that may be sent over WebSocket, which runs subscriptions only. */
const SUBSCRIBED: readonly [string, string][] = [
  ['subscription ($v: ID = "D") { networkDeviceChanged(ids: ["D", $v]) { id } }', 'ids[1]'],
  ['subscription ($v: Boolean = false) { networkDeviceChanged { id name @skip(if: $v) } }', 'if'],
  [
    'subscription ($v: Boolean = true) { networkDeviceChanged { ...F @include(if: $v) } } fragment F on NetworkDevice { id }',
    'if',
  ],
  ['subscription ($v: Boolean = true) { networkDeviceChanged { ... @include(if: $v) { id } } }', 'if'],
  [
    'subscription ($v: Boolean = true) { networkDeviceChanged { ...F } } fragment F on NetworkDevice { id @include(if: $v) }',
    'if',
  ],
];

const refusalAt = (path: string): object => ({
  code: 'BAD_USER_INPUT',
  violations: [{ path, code: 'BAD_USER_INPUT', message: `The value of "${path}" must not be null.` }],
});

function expectRefused({ status, errors, data }: GraphqlAnswer, path: string): void {
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(1);
  expect(status).toBe(200);
  expect(errors[0]?.path).toBeUndefined();
  expect(errors[0]?.extensions).toMatchObject(refusalAt(path));
}

describe('null is BAD_USER_INPUT at the place that it is given to', () => {
  it.each(PLACES)('%s: %s', async (query, path) => {
    const ask = async (variables: Record<string, unknown>): Promise<GraphqlAnswer> =>
      await gateway.query(query, { variables, token });
    expectRefused(await ask({ v: null }), path);
    for (let time = 0; time < 2; time += 1) {
      expect((await ask({})).errors.map(({ extensions }) => extensions.code)).not.toContain('BAD_USER_INPUT');
    }
    // Known by now.
    expectRefused(await ask({ v: null }), path);
  });

  it('once, however many fields it reaches', async () => {
    const fields = Array.from({ length: 50 }, (_, index) => `a${index}: networkDevice(id: $v) { id }`);
    const query = `query ($v: ID = "D") { ${fields.join(' ')} }`;
    expectRefused(await gateway.query(query, { variables: { v: null }, token }), 'id');
  });

  it.each(PLACES.filter(([query]) => query.startsWith('query')))('by GET, %s: %s', async (query, path) => {
    const search = new URLSearchParams({ query, variables: '{"v":null}' }).toString();
    const headers = { 'apollo-require-preflight': '1', authorization: `Bearer ${token}` };
    const response = await fetch(`${gateway.url}?${search}`, { headers });
    expect(await response.json()).toMatchObject({ errors: [{ extensions: refusalAt(path) }] });
  });

  it.each([...PLACES, ...SUBSCRIBED])('by server-sent events, %s: %s', async (query, path) => {
    const { events } = await EventReader.open(gateway, { token, query, variables: { v: null } });
    await expect.poll(() => events.length).toBe(2);
    expect(events).toMatchObject([
      { event: 'next', data: { errors: [{ extensions: refusalAt(path) }] } },
      { event: 'complete' },
    ]);
  });

  it.each(SUBSCRIBED)('over WebSocket, %s: %s', async (query, path) => {
    const subscriber = await connect(gateway, token);
    subscriber.subscribe('1', { v: null }, query);
    expect((await subscriber.error('1')).extensions).toMatchObject(refusalAt(path));
    subscriber.close();
  });
});

it('null stands for nothing where null may, and where nothing is executed', async () => {
  const paged = 'query ($v: String = "x") { networkDeviceConnection(after: $v, first: 1) { totalCount } }';
  const skipped =
    'query ($v: ID = "D", $c: Boolean!) { viewer { id } networkDevice(id: $v) @include(if: $c) { id } ...F @skip(if: true) } fragment F on Query { networkDevice(id: $v) { id } }';
  for (let time = 0; time < 2; time += 1) {
    expect((await gateway.query(paged, { variables: { v: null }, token })).errors).toEqual([]);
    const { errors, data } = await gateway.query(skipped, { variables: { v: null, c: false }, token });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ viewer: { id: 'test-ADMIN' } });
  }
});

it('nothing of this was INTERNAL_ERROR', () => {
  expect(gateway.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
});
