import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedGateway, type TestGateway } from '../support/gateway.js';

describe('a subscription whose client takes no events is refused as a bad request', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('BAD_REQUEST, with a hint at WebSocket and events', async () => {
    const { data, errors } = await gateway.query('subscription { networkDeviceChanged { id } }');
    expect(data).toBeUndefined();
    expect(errors[0]?.message).toContain('WebSocket');
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_REQUEST',
      rest: { code: 400, message: 'bad_request' },
    });
  });
});
