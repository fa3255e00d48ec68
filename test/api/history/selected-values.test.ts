import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { spyOnStatements } from '../../support/statements.js';
import { update } from '../provisioning/provisioning.js';
import { deviceIn } from './history.js';

describe('changes read old values where they are asked for, and nowhere else', () => {
  const spy = spyOnStatements();
  let gateway: TestGateway;
  let token: string;
  let id: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    const customer = await createCustomer(gateway);
    token = await gateway.token('OWNER', customer);
    ({ id } = await createDevice(gateway, { customer, name: 'One' }));
    await update(gateway, token, id, { name: 'Two' });
  });
  afterAll(async () => {
    spy.restore();
    await gateway.stop();
  });

  /** What is answered, and for each lookup of the statement whether it wants values. */
  async function ask(selection: string, fragments = ''): Promise<readonly [unknown, unknown]> {
    spy.clear();
    const query = `query ($id: ID!) { networkDevice(id: $id) { ${selection} } } ${fragments}`;
    const device = deviceIn(await gateway.query(query, { token, variables: { id } }));
    const statement = spy.statements().find(({ values }) => values.length === 7);
    return [device, statement?.values[6]];
  }

  it.each([
    ['changes(first: 1) { nodes { version by paths } }', ''],
    ['changes(first: 1) { edges { cursor } pageInfo { hasNextPage } }', ''],
    ['changes(first: 1) { nodes { version before @include(if: false) { name } } }', ''],
  ])('%s: none', async (selection, fragments) => {
    expect((await ask(selection, fragments))[1]).toEqual([false]);
  });

  it.each([
    ['changes(first: 1) { nodes { before { name } after { name } } }', ''],
    [
      'changes(first: 1) { edges { node { ...C } } }',
      'fragment C on DeviceChange { before { name } after { name } }',
    ],
    ['changes(first: 1) { nodes { ... { before { name } } old: after { name } after { name } } }', ''],
  ])('%s: all', async (selection, fragments) => {
    const [device, wanted] = await ask(selection, fragments);
    expect(wanted).toEqual([true]);
    expect(JSON.stringify(device)).toMatch(/"before":\{"name":"One"\}.*"after":\{"name":"Two"\}/);
  });

  it('two selections of one document are answered each with its own', async () => {
    const [device] = await ask(
      'changes(first: 1) { nodes { version } } all: changes(first: 1) { nodes { after { name } } }',
    );
    expect(device).toMatchObject({
      changes: { nodes: [{ version: 2 }] },
      all: { nodes: [{ after: { name: 'Two' } }] },
    });
  });
});

it('devices that a list names again and again are looked up once', async () => {
  const spy = spyOnStatements();
  const gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  try {
    const customer = await createCustomer(gateway);
    const token = await gateway.token('OWNER', customer);
    const devices = [await createDevice(gateway, { customer }), await createDevice(gateway, { customer })];
    const ids = Array.from({ length: 1_000 }, (_, index) => devices[index % 2]?.id);
    const query = `query ($ids: [ID!]!) { networkDevices(ids: $ids) {
      id changes(first: 1) { nodes { version } } settingsAt(version: 1) { name }
    } }`;
    spy.clear();
    const { data, errors } = await gateway.query(query, { token, variables: { ids } });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      networkDevices: ids.map((id) => ({
        id,
        changes: { nodes: [{ version: 1 }] },
        settingsAt: { name: 'Johns router' },
      })),
    });
    const asked = spy.statements().filter(({ text }) => text.includes('device_audit'));
    expect(asked.map(({ values }) => values[1])).toEqual([
      devices.map(({ id }) => id),
      devices.map(({ id }) => id),
    ]);
  } finally {
    spy.restore();
    await gateway.stop();
  }
});
