import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { createLargeFleet, LARGE_RESELLER, planOf, type PlanStep } from '../../support/large-fleet.js';
import { spyOnStatements } from '../../support/statements.js';

const spy = spyOnStatements();
let gateway: TestGateway;
let ids: readonly string[];
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' }, undefined, { heartbeatMs: 600_000 });
  ids = await createLargeFleet(gateway);
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

/** All steps of a plan. */
function stepsIn(plan: PlanStep): readonly PlanStep[] {
  return [plan, ...(plan.Plans ?? []).flatMap(stepsIn)];
}

it.each([1, 10, 100])(
  'a batch of %i looks at its devices, and not at what else the viewer reaches, which is half of the fleet',
  async (count) => {
    const wanted = ids.slice(0, count);
    const token = await gateway.token('RESELLER', LARGE_RESELLER);
    spy.clear();
    const { data } = await gateway.query('query ($ids: [ID!]!) { networkDevices(ids: $ids) { id } }', {
      token,
      variables: { ids: wanted },
    });
    const [{ text, values } = { text: '', values: [] }, ...more] = spy.statements();
    expect(data).toEqual({ networkDevices: wanted.map((id) => ({ id })) });
    expect(more).toEqual([]);
    const plan = await planOf(gateway, text, values);
    const found = stepsIn(plan).map((step) => step['Actual Rows'] * step['Actual Loops']);
    // One value holds them all.
    expect(plan['Actual Rows']).toBe(1);
    expect(found).toContain(count);
    // Customers and models are few, and may be read as a whole once.
    expect(Math.max(...found)).toBeLessThan(500);
    expect(plan['Shared Hit Blocks']).toBeLessThan(50 + 20 * count);
  },
);
