import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { spyOnStatements } from '../support/statements.js';

const ASK = `query ($id: ID!) { networkDevice(id: $id) { id name customer { id } wifi { password } } }`;
const TRY = `mutation ($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input, dryRun: true) { id name customer { id } wifi { password } }
}`;

/** Somebody who asks for a device, which may be another's. */
interface Question {
  readonly query: string;
  readonly token: string;
  readonly id: string;
}

const spy = spyOnStatements();
let gateway: TestGateway;
let questions: readonly Question[];

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  const reseller = await createCustomer(gateway);
  const child = await createCustomer(gateway, reseller);
  const customers = [reseller, child, await createCustomer(gateway, reseller), await createCustomer(gateway)];
  const tokens = await Promise.all([
    ...customers.map(async (customer) => await gateway.token('MANAGER', customer)),
    gateway.token('RESELLER', reseller),
    gateway.token('PERSONAL', child),
    gateway.token('ADMIN', reseller),
  ]);
  const devices = await Promise.all(
    customers.map(
      async (customer, index) => await createDevice(gateway, { customer, name: `Device ${index}` }),
    ),
  );
  const ids = [...devices.map(({ id }) => id), newId(), 'no id'];
  questions = [ASK, TRY].flatMap((query) =>
    tokens.flatMap((token) => ids.map((id): Question => ({ query, token, id }))),
  );
});
afterAll(async () => {
  spy.restore();
  await gateway.stop();
});

async function answerTo({ query, token, id }: Question): Promise<unknown> {
  const variables = { id, input: { notes: 'Asked at the same moment' } };
  const { data, errors } = await gateway.query(query, { token, variables });
  // What names the request is another each time.
  return {
    data,
    errors: errors.map(({ message, path, extensions: { requestId: _, ...more } }) => ({
      message,
      path,
      ...more,
    })),
  };
}

it('everybody gets the answer that they get alone, whoever asks at the same moment', async () => {
  spy.clear();
  const alone: unknown[] = [];
  for (const question of questions) alone.push(await answerTo(question));
  expect(new Set(alone.map((answer) => JSON.stringify(answer))).size).toBeGreaterThan(10);
  const statements = spy.texts().length;
  spy.clear();
  for (let round = 0; round < 3; round += 1) {
    expect(await Promise.all(questions.map(answerTo))).toEqual(alone);
  }
  // They did share statements.
  expect(spy.texts().length).toBeLessThan(3 * statements);
});
