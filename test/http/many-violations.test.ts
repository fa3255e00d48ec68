import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../live/subscriber.js';
import { cpuMsOf } from '../support/cpu.js';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../support/gateway.js';

// A request whose variables are wrong in thousands of places is refused after the first ones, and costs about what it costs to
// read it: what a client can multiply must not multiply the work.

/** Of a request of at most 100 kB, the test's own client included. */
const MAX_CPU_MS = 100;
const MAX_FAULTS = 10;

let gateway: TestGateway;
let device: TestDevice;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({ RATE_LIMIT: '0' });
  device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

const UPDATE =
  'mutation ($id: ID!, $i: DeviceUpdateInput!) { updateNetworkDevice(id: $id, input: $i, dryRun: true) { id } }';
const BATCH = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id } }';
const unknownFields = (count: number): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`secret${index}`, 1]));
const EMPTY_OBJECTS = Array.from({ length: 30_000 }, () => ({}));
const NESTED_LISTS = Array.from({ length: 4_000 }, () => [[[[['secret']]]]]);

const REQUESTS: readonly [string, string, () => Record<string, unknown>, string][] = [
  ['unknown fields', UPDATE, () => ({ id: device.id, i: unknownFields(4_000) }), 'input.secret0'],
  ['objects instead of ids', BATCH, () => ({ ids: EMPTY_OBJECTS }), 'ids[0]'],
  ['lists inside lists', BATCH, () => ({ ids: NESTED_LISTS }), 'ids[0]'],
];

const NAMES = Array.from({ length: 1_000 }, (_, index) => `nothing${index}`);

function expectRefused({ errors, data, text }: GraphqlAnswer, path: string): void {
  expect(data).toBeUndefined();
  expect(errors).toHaveLength(1);
  const { code, violations = [] } = errors[0]?.extensions ?? {};
  expect(code).toBe('BAD_USER_INPUT');
  expect(violations).toHaveLength(MAX_FAULTS);
  expect(violations[0]?.path).toBe(path);
  expect(text.length).toBeLessThan(4_000);
}

describe.each(REQUESTS)('%s', (_, query, variables, path) => {
  it('for a document that is new', async () => {
    let count = 0;
    const ask = async (): Promise<GraphqlAnswer> =>
      await gateway.query(`${query} # ${(count += 1)}`, { variables: variables(), token });
    expectRefused(await ask(), path);
    expect(await cpuMsOf(ask)).toBeLessThan(MAX_CPU_MS);
  });

  it('for a document that is known', async () => {
    const good = { id: device.id, i: { notes: 'x' }, ids: [device.id] };
    for (let time = 0; time < 2; time += 1) {
      expect((await gateway.query(query, { variables: good, token })).errors).toEqual([]);
    }
    const ask = async (): Promise<GraphqlAnswer> =>
      await gateway.query(query, { variables: variables(), token });
    expectRefused(await ask(), path);
    expect(await cpuMsOf(ask)).toBeLessThan(MAX_CPU_MS);
  });
});

it('over WebSocket', async () => {
  const subscriber = await connect(gateway, token);
  let count = 0;
  const ask = async (): Promise<void> => {
    const id = String((count += 1));
    subscriber.subscribe(id, { ids: EMPTY_OBJECTS });
    const { extensions } = await subscriber.error(id);
    expect(extensions.violations).toHaveLength(MAX_FAULTS);
  };
  expect(await cpuMsOf(ask)).toBeLessThan(MAX_CPU_MS);
  subscriber.close();
});

it('a document that does not fit the schema in thousands of places is reported in part', async () => {
  const ask = async (): Promise<GraphqlAnswer> =>
    await gateway.query(`${'\n'.repeat(30_000)} { viewer { ${NAMES.join(' ')} } }`, { token });
  const { errors } = await ask();
  expect(errors.length).toBeLessThanOrEqual(MAX_FAULTS + 1);
  expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  expect(await cpuMsOf(ask)).toBeLessThan(MAX_CPU_MS);
});

it('and over WebSocket', async () => {
  const subscriber = await connect(gateway, token);
  subscriber.subscribe('1', {}, `subscription { networkDeviceChanged { ${NAMES.join(' ')} } }`);
  await subscriber.error('1');
  const [told] = subscriber.messages.filter(({ type }) => type === 'error');
  expect(JSON.stringify(told).match(/GRAPHQL_VALIDATION_FAILED/g)?.length).toBeLessThanOrEqual(
    MAX_FAULTS + 1,
  );
  subscriber.close();
});
