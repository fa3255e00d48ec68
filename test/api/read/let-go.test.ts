import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { letGo } from '../../../src/graphql/request/held-lists.js';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';

const statement = z.object({ text: z.string() });
const result = z.object({ rows: z.array(z.unknown()) });

let gateway: TestGateway;
let token: string;
let id: string;
const spy = vi.spyOn(pg.Client.prototype, 'query');
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  const customer = await createCustomer(gateway);
  id = (await createDevice(gateway, { customer })).id;
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  spy.mockRestore();
  await gateway.stop();
});

/** What the promises of statements for lists still hold. */
async function heldRows(): Promise<readonly unknown[]> {
  const lists = spy.mock.results.filter((_, index) => {
    const { data } = statement.safeParse(spy.mock.calls[index]?.[0]);
    return data?.text.includes('json_agg') === true;
  });
  return await Promise.all(
    lists.map(async ({ value }: { readonly value: unknown }) => result.parse(await value).rows),
  );
}

it.each([
  ['a batch', 'query ($id: ID!) { networkDevices(ids: [$id]) { id } }'],
  ['a page', '{ networkDeviceConnection { nodes { id } edges { node { id } } } }'],
])('%s leaves nothing with the promises that waited for its rows', async (_, query) => {
  for (let time = 0; time < 3; time += 1) {
    spy.mockClear();
    const { data, errors } = await gateway.query(query, { token, variables: { id } });
    expect(errors).toEqual([]);
    expect(JSON.stringify(data)).toContain(id);
    expect(await heldRows()).toEqual([[]]);
  }
});

it('what an answer was made of is let go of, and the lists of the answer', () => {
  const held = [[1, 2], ['a']];
  const data = { batch: [{ id: 1 }], page: { nodes: [1], pageInfo: { startCursor: 'x' } }, one: null };
  letGo({ held }, data);
  expect(held).toEqual([[], []]);
  expect(data).toEqual({ batch: [], page: { nodes: [], pageInfo: { startCursor: 'x' } }, one: null });
});
