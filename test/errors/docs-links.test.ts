import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventReader } from '../live/event-reader.js';
import { Subscriber } from '../live/subscriber.js';
import { createDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';

const BASE = 'https://docs.example/errors.md';

describe('DOCS_URL lets errors name the place where their code is described', () => {
  let gateway: TestGateway;
  let token: string;
  beforeAll(async () => {
    gateway = await startTestGateway({ DOCS_URL: BASE, MAX_ANSWER_BYTES: '1000' });
    token = await gateway.token('MANAGER', (await createDevice(gateway)).customer);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it.each([
    ['of a document', '{ nothing }', 'graphql_validation_failed'],
    ['of a resolver', 'mutation { retryProvisioning(id: "x") { id } }', 'access_denied'],
    ['of an answer', '{ __schema { types { name description } } }', 'operation_too_large'],
  ])('%s', async (_, query, anchor) => {
    // The second time it is a known document.
    for (let round = 0; round < 2; round += 1) {
      const { errors } = await gateway.query(query, { token });
      expect(errors.map(({ extensions }) => extensions.docs)).toEqual([`${BASE}#${anchor}`]);
    }
  });

  it('over HTTP, WebSocket and server-sent events', async () => {
    const response = await fetch(new URL('/nowhere', gateway.url));
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { docs: `${BASE}#bad_request` } }],
    });
    const subscriber = await Subscriber.connect(gateway, undefined);
    subscriber.subscribe('1');
    expect((await subscriber.error('1')).extensions.docs).toBe(`${BASE}#unauthenticated`);
    subscriber.close();
    const reader = await EventReader.open(gateway, {});
    expect((await reader.error()).extensions.docs).toBe(`${BASE}#unauthenticated`);
  });

  it('without it they name none', async () => {
    const plain = await startTestGateway();
    const { errors } = await plain.query('{ nothing }');
    expect(errors[0]?.extensions).not.toHaveProperty('docs');
    const response = await fetch(new URL('/nowhere', plain.url));
    expect(await response.text()).not.toContain('"docs"');
    await plain.stop();
  });
});
