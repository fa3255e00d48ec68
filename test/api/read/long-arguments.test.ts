import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_SIZES } from '../../../src/graphql/cost/field-sizes.js';
import { Subscriber } from '../../live/subscriber.js';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { type GraphqlAnswer, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';

const ROCKET = '\u{1F680}';
const DEVICES =
  'query ($f: NetworkDeviceFilter) { networkDeviceConnection(filter: $f) { nodes { id } totalCount } }';
const CUSTOMERS = 'query ($s: String) { customerConnection(search: $s) { nodes { id } totalCount } }';
const JOBS =
  'query ($id: ID!, $s: [ProvisioningJobState!]) { networkDevice(id: $id) { id provisioningJobs(state: $s) { state } } }';

/** The statements that requests send while something is done. */
async function statementsOf(work: () => Promise<void>): Promise<readonly string[]> {
  const spy = spyOnStatements();
  try {
    await work();
    return spy.texts();
  } finally {
    spy.restore();
  }
}

describe('no argument is longer than it can mean something', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway);
    token = await gateway.token('ADMIN', device.customer);
    // So that there is a version to go back to.
    await ask('mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { notes: "2" }) { id } }', {
      id: device.id,
    });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const ask = async (query: string, variables: Record<string, unknown>): Promise<GraphqlAnswer> =>
    await gateway.query(query, { token, variables });
  const expectInvalid = ({ errors }: GraphqlAnswer, path: string): void => {
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions).toMatchObject({
      code: 'INVALID_VALUE',
      rest: { code: 422, message: path },
      violations: [{ path }],
    });
  };

  it.each([
    ['letters', 'q'],
    ['emoji', ROCKET],
  ])('a search has at most 100 %s', async (_, character) => {
    const [longest, tooLong] = [character.repeat(100), character.repeat(101)];
    for (const search of [longest, `  ${longest}\n`, `${' '.repeat(5_000)}x`]) {
      expect((await ask(DEVICES, { f: { search } })).errors).toEqual([]);
      expect((await ask(CUSTOMERS, { s: search })).errors).toEqual([]);
    }
    const sent = await statementsOf(async () => {
      expectInvalid(await ask(DEVICES, { f: { search: tooLong } }), 'filter.search');
      expectInvalid(await ask(CUSTOMERS, { s: tooLong }), 'search');
    });
    expect(sent.filter((text) => /lower|unaccent|LIKE/.test(text))).toEqual([]);
  });

  it.each([
    ['state', 'ACTIVE'],
    ['type', 'ROUTER'],
    ['simStatus', 'READY'],
  ])('a filter has at most 100 values of %s, repeated ones included', async (field, value) => {
    const values = (count: number): string[] => Array.from({ length: count }, () => value);
    const many = await ask(DEVICES, { f: { [field]: values(100) } });
    expect(many.data).toEqual((await ask(DEVICES, { f: { [field]: [value] } })).data);
    expectInvalid(await ask(DEVICES, { f: { [field]: values(101) } }), `filter.${field}`);
  });

  it('jobs are chosen by at most 100 states, and the same ones in any order are one statement', async () => {
    const states = (count: number): string[] => Array.from({ length: count }, () => 'QUEUED');
    const tooMany = await ask(JOBS, { id: device.id, s: states(101) });
    expectInvalid(tooMany, 'state');
    expect(tooMany.data).toMatchObject({ networkDevice: { id: device.id, provisioningJobs: null } });
    expect((await ask(JOBS, { id: device.id, s: states(100) })).errors).toEqual([]);
    const query = `{ networkDevice(id: "${device.id}") {
      a: provisioningJobs(state: [QUEUED, FAILED]) { id }
      b: provisioningJobs(state: [FAILED, QUEUED, FAILED]) { id }
    } }`;
    const sent = await statementsOf(async () => {
      expect((await gateway.query(query, { token })).errors).toEqual([]);
    });
    expect(sent.filter((text) => text.includes('FROM provisioning_job'))).toHaveLength(1);
  });

  it.each([
    ['letters', 'x'],
    ['emoji', ROCKET],
  ])('an error repeats the first 64 %s of what is no id', async (_, character) => {
    const id = character.repeat(20_000);
    const fields = ['networkDevice(id: $id) { id }', 'b: networkDevice(id: $id) { id }'];
    for (const bearer of [token, undefined]) {
      const { errors } = await gateway.query(`query ($id: ID!) { ${fields.join(' ')} }`, {
        variables: { id },
        ...(bearer !== undefined && { token: bearer }),
      });
      expect(errors.map(({ extensions }) => extensions.deviceId)).toEqual(
        Array.from({ length: 2 }, () => character.repeat(64)),
      );
    }
    const report = `mutation ($id: ID!) { reportDeviceStatus(reports: [{ device: $id, upTime: -1 }]) { id } }`;
    const { errors } = await ask(report, { id });
    expect(errors[0]?.extensions.deviceId).toBe(character.repeat(64));
  });

  const list = <T>(count: number, entry: T): T[] => Array.from({ length: count }, () => entry);
  const id = 'a'.repeat(24);
  const byIds = (field: string): string => `query ($list: [ID!]!) { ${field}(ids: $list) { id } }`;
  const byFilter = (field: string, type: string): string =>
    `query ($list: [${type}!]) { networkDeviceConnection(filter: { ${field}: $list }) { nodes { id } } }`;

  /** A request for each list in an argument, the entry that it is filled with, and the path of the error. */
  const LISTS: Readonly<Record<string, readonly [string, unknown, string]>> = {
    'Query.networkDevices(ids:)': [byIds('networkDevices'), id, 'ids'],
    'Query.deviceModels(ids:)': [byIds('deviceModels'), id, 'ids'],
    'Query.customers(ids:)': [byIds('customers'), id, 'ids'],
    'Query._entities(representations:)': [
      'query ($list: [_Any!]!) { _entities(representations: $list) { __typename } }',
      { __typename: 'Customer', id },
      'representations',
    ],
    'Mutation.reportDeviceStatus(reports:)': [
      'mutation ($list: [DeviceStatusReport!]!) { reportDeviceStatus(reports: $list) { id } }',
      { device: id },
      'reports',
    ],
    'Mutation.syncCustomers(customers:)': [
      'mutation ($list: [CustomerSyncInput!]!) { syncCustomers(customers: $list) { id } }',
      { id },
      'customers',
    ],
    'Subscription.networkDeviceChanged(ids:)': [
      'subscription ($list: [ID!]) { networkDeviceChanged(ids: $list) { id } }',
      id,
      'ids',
    ],
    'NetworkDevice.provisioningJobs(state:)': [
      'query ($list: [ProvisioningJobState!], $id: ID!) { networkDevice(id: $id) { provisioningJobs(state: $list) { id } } }',
      'QUEUED',
      'state',
    ],
    'Mutation.revertNetworkDevice(paths:)': [
      'mutation ($list: [String!], $id: ID!) { revertNetworkDevice(id: $id, toVersion: 1, paths: $list) { id } }',
      'name',
      'paths',
    ],
    'NetworkDeviceFilter.ids': [byFilter('ids', 'ID'), id, 'filter.ids'],
    'NetworkDeviceFilter.model': [byFilter('model', 'ID'), id, 'filter.model'],
    'NetworkDeviceFilter.state': [byFilter('state', 'DeviceState'), 'ACTIVE', 'filter.state'],
    'NetworkDeviceFilter.type': [byFilter('type', 'DeviceModelType'), 'ROUTER', 'filter.type'],
    'NetworkDeviceFilter.simStatus': [byFilter('simStatus', 'SimStatus'), 'READY', 'filter.simStatus'],
    'DhcpSettingsInput.reservedClients': [
      `mutation ($list: [ReservedClientInput!], $id: ID!) {
        updateNetworkDevice(id: $id, input: { dhcp: { reservedClients: $list } }, dryRun: true) { id }
      }`,
      {},
      'dhcp.reservedClients',
    ],
    'DhcpSettingsInput.putReservedClients': [
      `mutation ($list: [ReservedClientInput!], $id: ID!) {
        updateNetworkDevice(id: $id, input: { dhcp: { putReservedClients: $list } }, dryRun: true) { id }
      }`,
      {},
      'dhcp.reservedClients',
    ],
    'DhcpSettingsInput.removeReservedClients': [
      `mutation ($list: [MacAddress!], $id: ID!) {
        updateNetworkDevice(id: $id, input: { dhcp: { removeReservedClients: $list } }, dryRun: true) { id }
      }`,
      '',
      'dhcp.removeReservedClients',
    ],
  };

  it('every list that can be sent is here', () => {
    expect(Object.keys(LISTS).sort()).toEqual(Object.keys(FIELD_SIZES.listArguments).sort());
  });

  it.each(Object.entries(LISTS))(
    '%s takes what its size says, and no more',
    async (place, [query, entry, path]) => {
      const most = FIELD_SIZES.listArguments[place] ?? NaN;
      const pathsFor = async (count: number): Promise<readonly string[]> => {
        const variables = { list: list(count, entry), ...(query.includes('$id') && { id: device.id }) };
        const errors = query.startsWith('subscription')
          ? await errorsOfSubscription(query, variables)
          : (await ask(query, variables)).errors;
        return errors.flatMap(
          ({ extensions }) => extensions.violations?.map((violation) => violation.path) ?? [],
        );
      };
      expect(await pathsFor(most + 1)).toEqual([path]);
      expect(await pathsFor(most)).not.toContain(path);
    },
  );

  async function errorsOfSubscription(
    query: string,
    variables: Record<string, unknown>,
  ): Promise<GraphqlAnswer['errors']> {
    const subscriber = await Subscriber.connect(gateway, { authorization: `Bearer ${token}` });
    const errors = (): GraphqlAnswer['errors'] =>
      subscriber.messages.flatMap((sent) => (sent.type === 'error' ? sent.payload : []));
    const started = (): number =>
      gateway.logLines.filter((line) => line.includes('subscription started')).length;
    const before = started();
    subscriber.subscribe('1', variables, query);
    await expect.poll(() => errors().length + started() - before).toBeGreaterThan(0);
    subscriber.close();
    return errors();
  }
});
