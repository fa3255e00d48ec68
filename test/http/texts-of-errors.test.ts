import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../live/subscriber.js';
import { cpuMsOf } from '../support/cpu.js';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

// What is told of a document that does not fit holds no hint at the schema where introspection is closed, and to make it so costs
// no more for a text that is made to look like a hint.

const MAX_CPU_MS = 100;

let gateway: TestGateway;
let token: string;
beforeAll(async () => {
  gateway = await startTestGateway({ INTROSPECTION: 'false', RATE_LIMIT: '0' });
  const device = await createDevice(gateway);
  token = await gateway.token('MANAGER', device.customer);
});
afterAll(async () => {
  await gateway.stop();
});

const LONG = 'Did you mean '.repeat(7_300);
const HINTED = ['{ vieweR { id } }', '{ viewer { iD } }', '{ networkDevice(iD: "x") { id } }'];

describe('where introspection is closed', () => {
  it.each(HINTED)('the error of %s has no hint', async (query) => {
    const { errors } = await gateway.query(query, { token });
    expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
  });

  it('nor over WebSocket', async () => {
    const subscriber = await connect(gateway, token);
    subscriber.subscribe('1', {}, 'subscription { networkDeviceChanged { iD } }');
    const error = await subscriber.error('1');
    expect(error.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(error.message).not.toMatch(/did you mean/i);
    const ask = async (id: string): Promise<void> => {
      subscriber.subscribe(id, {}, `subscription { networkDeviceChanged(ids: { x: "${LONG}" }) { id } }`);
      await subscriber.error(id);
    };
    let id = 1;
    expect(await cpuMsOf(async () => await ask(String((id += 1))))).toBeLessThan(MAX_CPU_MS);
    subscriber.close();
  });

  it.each([
    ['an enum', `{ networkDeviceConnection(filter: { state: "${LONG}" }) { totalCount } }`],
    ['a number', `{ networkDeviceConnection(first: "${LONG}") { totalCount } }`],
    ['no document', `"${LONG}"`],
  ])('a text of 95 kB that looks like hints, in place of %s, costs little', async (_, query) => {
    const ask = async (): Promise<void> => {
      const { errors } = await gateway.query(query, { token });
      expect(errors).toHaveLength(1);
    };
    expect(await cpuMsOf(ask)).toBeLessThan(MAX_CPU_MS);
  });
});
