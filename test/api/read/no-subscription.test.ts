import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';

describe('an operation that the schema does not have is refused as a fault of the request', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('a subscription over HTTP is BAD_REQUEST', async () => {
    const { errors } = await gateway.query('subscription { deviceChanged }');
    expect(errors[0]?.extensions).toMatchObject({
      code: 'BAD_REQUEST',
      rest: { code: 400, message: 'bad_request' },
    });
  });
});
