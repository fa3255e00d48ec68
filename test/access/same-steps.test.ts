import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessLevel } from '../../src/access/viewer.js';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { createLargeFleet, planOf } from '../support/large-fleet.js';
import { spyOnStatements } from '../support/statements.js';

const ONE = 'query ($id: ID!) { networkDevice(id: $id) { name } }';
const BATCH = 'query ($id: ID!) { networkDevices(ids: [$id]) { name } }';
const ENTITY = `query ($id: ID!) { _entities(representations: [{ __typename: "NetworkDevice", id: $id }]) { __typename } }`;
const UPDATE = 'mutation ($id: ID!) { updateNetworkDevice(id: $id, input: { name: "Mine" }) { name } }';
const DRY_RUN = `mutation ($id: ID!) {
  updateNetworkDevice(id: $id, input: { macAddress: "0210293847aa" }, dryRun: true) { name }
}`;
const REVERT = 'mutation ($id: ID!) { revertNetworkDevice(id: $id, toVersion: 1) { name } }';
const RETRY = 'mutation ($id: ID!) { retryProvisioning(id: $id) { name } }';
const REPLACE = `mutation ($id: ID!) {
  replaceNetworkDevice(id: $id, input: { macAddress: "0210293847ab" }, dryRun: true) { name }
}`;
const DELETE = 'mutation ($id: ID!) { deleteNetworkDevice(id: $id) { name } }';
const CUSTOMER = 'query ($id: ID!) { customer(id: $id) { name } }';
const CUSTOMERS = 'query ($id: ID!) { customers(ids: [$id]) { name } }';
const NODE = 'query ($id: ID!) { node(id: $id) { id } }';
/** Stands for the REST page, read. */
const PAGE = 'page';
const QUERIES = [ONE, BATCH, ENTITY, NODE, PAGE];
const MUTATIONS = [UPDATE, DRY_RUN, REPLACE, RETRY, REVERT, DELETE];

describe('the steps that a refusal takes do not show whether a device exists', () => {
  const spy = spyOnStatements();
  let gateway: TestGateway;
  let customer: string;
  let own: string;
  let ofChild: string;
  let foreign: string;

  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
    await createLargeFleet(gateway);
    customer = await createCustomer(gateway);
    own = (await createDevice(gateway, { customer })).id;
    ofChild = (await createDevice(gateway, { customer: await createCustomer(gateway, customer) })).id;
    foreign = (await createDevice(gateway)).id;
    await gateway.sql.query('VACUUM ANALYZE');
  });
  afterAll(async () => {
    spy.restore();
    await gateway.stop();
  });

  /** The statements of one request, each with what PostgreSQL did for it. */
  async function stepsOf(level: AccessLevel, query: string, id: string): Promise<readonly unknown[]> {
    const token = await gateway.token(level, customer);
    const send = async (): Promise<unknown> =>
      query === PAGE
        ? await fetch(new URL(`/network/device/${encodeURIComponent(id)}`, gateway.url), {
            headers: { authorization: `Bearer ${token}` },
          })
        : await gateway.query(query, { token, variables: { id } });
    await send();
    spy.clear();
    await send();
    const statements = spy.statements();
    return await Promise.all(
      statements.map(async ({ text, values }) => {
        return { text, plan: await planOf(gateway, text, values) };
      }),
    );
  }

  const levels = ['NO_LOGIN', 'VIEWER', 'MANAGER', 'OWNER', 'RESELLER', 'RESELLER_ADMIN'] as const;
  const cases = levels.flatMap((level) => [...QUERIES, ...MUTATIONS].map((query) => ({ level, query })));

  it.each(cases)('$level: $query', async ({ level, query }) => {
    const missing = await stepsOf(level, query, newId());
    const isRead = QUERIES.includes(query);
    // A revert reads the version first; an id of a node may be of three types.
    const statements = new Map([
      [REVERT, 2],
      [NODE, 3],
    ]).get(query);
    expect(missing).toHaveLength(level === 'NO_LOGIN' ? 0 : (statements ?? 1));
    const outOfReach = [
      ...(level === 'RESELLER_ADMIN' && isRead ? [] : [foreign]),
      ...(level === 'MANAGER' || level === 'OWNER' || level === 'VIEWER' ? [ofChild] : []),
    ];
    for (const id of [...outOfReach, 'no id', 'x'.repeat(24)]) {
      expect(await stepsOf(level, query, id), `of ${id}`).toEqual(missing);
    }
  });

  it.each(levels.flatMap((level) => [CUSTOMER, CUSTOMERS].map((query) => ({ level, query }))))(
    '$level: $query',
    async ({ level, query }) => {
      const missing = await stepsOf(level, query, newId());
      expect(missing).toHaveLength(level === 'NO_LOGIN' ? 0 : 1);
      const stranger = level === 'RESELLER_ADMIN' ? [] : [await createCustomer(gateway)];
      for (const id of [...stranger, 'no id', 'x'.repeat(24)]) {
        expect(await stepsOf(level, query, id), `of ${id}`).toEqual(missing);
      }
    },
  );

  it('and the comparison sees the difference that a row makes', async () => {
    expect(await stepsOf('VIEWER', ONE, own)).not.toEqual(await stepsOf('VIEWER', ONE, newId()));
    expect(await stepsOf('RESELLER', BATCH, ofChild)).not.toEqual(await stepsOf('RESELLER', BATCH, foreign));
  });
});
