import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';

const NODES =
  'id name model { name } customer { name } wifi { ssid password } dhcp { leaseTime } status { online }';

describe('a list costs a fixed number of SQL statements, whatever its length and nesting', () => {
  let gateway: TestGateway;
  let token: string;
  let ids: string[];
  const spy = spyOnStatements();

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
    const reseller = await createCustomer(gateway);
    ids = [];
    for (let index = 0; index < 8; index += 1) {
      const customer = await createCustomer(gateway, reseller);
      ids.push((await createDevice(gateway, { customer })).id);
    }
    token = await gateway.token('RESELLER', reseller);
    await gateway.query('{ deviceModels { id } }', { token });
  });
  beforeEach(() => {
    spy.clear();
  });
  afterAll(async () => {
    spy.restore();
    await gateway.stop();
  });

  it.each([
    ['networkDevices', 1, `query ($ids: [ID!]!) { networkDevices(ids: $ids) { ${NODES} } }`],
    [
      'a page of devices',
      1,
      `{ networkDeviceConnection { nodes { ${NODES} } edges { cursor } pageInfo { endCursor } } }`,
    ],
    ['a page of devices with its total', 2, `{ networkDeviceConnection { totalCount nodes { ${NODES} } } }`],
    [
      'a page of devices of one type',
      2,
      `{ networkDeviceConnection(filter: { type: [ROUTER] }) { nodes { ${NODES} } } }`,
    ],
    [
      'pages whose totals are asked for under several names',
      4,
      '{ networkDeviceConnection { totalCount a: totalCount } customerConnection { totalCount b: totalCount } }',
    ],
    [
      'the changes of a page of devices',
      2,
      '{ networkDeviceConnection { nodes { changes { nodes { by before { name wifi { password } } } } } edges { node { changes(first: 3) { nodes { paths } } } } } }',
    ],
    [
      'versions of devices',
      2,
      'query ($ids: [ID!]!) { networkDevices(ids: $ids) { one: settingsAt(version: 1) { name } two: settingsAt(version: 2) { name } } }',
    ],
    ['a page of customers', 1, '{ customerConnection { nodes { id name } } }'],
    [
      '_entities of one kind',
      1,
      `query ($entities: [_Any!]!) { _entities(representations: $entities) { ... on NetworkDevice { ${NODES} } } }`,
    ],
  ])('%s: %i, for one device and for eight', async (_, count, query) => {
    for (const some of [ids.slice(0, 1), ids]) {
      spy.clear();
      const entities = some.map((id) => ({ __typename: 'NetworkDevice', id }));
      const { errors } = await gateway.query(query, { token, variables: { ids: some, entities } });
      expect(errors).toEqual([]);
      expect(spy.texts()).toHaveLength(count);
    }
  });
});
