import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type IssuerReply, jsonReply, startIssuer, type TestIssuer } from '../support/issuer.js';
import { metricsOf } from '../support/metrics.js';
import { connect, type Subscriber } from './subscriber.js';

const ACCEPTED = { success: true, employee: newId(), customer: newId(), accessLevel: 'OWNER' };

describe('while the issuer takes its time', () => {
  let platform: TestIssuer;
  let gateway: TestGateway;
  let subscriber: Subscriber;
  let answer: (reply: IssuerReply) => void;
  let token = 0;
  beforeAll(async () => {
    platform = await startIssuer(async () => await new Promise((resolve) => (answer = resolve)));
    gateway = await startTestGateway({ AUTH_VALIDATE_TOKEN_URL: `${platform.url}/auth/validateToken` });
  });
  afterAll(async () => {
    await gateway.stop();
    await platform.stop();
  });
  beforeEach(async () => {
    token += 1;
    subscriber = await connect(gateway, `opaque-${token}`);
  });
  afterEach(() => {
    subscriber.close();
  });
  const errors = (): readonly string[] =>
    subscriber.messages.flatMap((sent) => (sent.type === 'error' ? [sent.id] : []));

  it('a connection has room for 100 operations and no more', async () => {
    for (let index = 0; index < 150; index += 1) subscriber.subscribe(`s${index}`);
    await expect.poll(errors).toEqual(Array.from({ length: 50 }, (_, index) => `s${index + 100}`));
    expect((await subscriber.error('s100')).extensions.code).toBe('OVERLOADED');
    await expect.poll(() => platform.asked.length).toBe(1);
    answer(jsonReply(ACCEPTED));
    await expect.poll(async () => (await metricsOf(gateway)).get('subscriptions_open')).toBe(100);
  });

  it('a client that goes leaves nothing behind', async () => {
    const asked = platform.asked.length;
    subscriber.subscribe('1');
    await expect.poll(() => platform.asked.length).toBe(asked + 1);
    subscriber.close();
    const started = (): number =>
      gateway.logLines.filter((line) => line.includes('subscription started')).length;
    const before = started();
    const open = async (): Promise<unknown> => (await metricsOf(gateway)).get('websocket_connections_open');
    await expect.poll(open).toBe(0);
    answer(jsonReply(ACCEPTED));
    await expect.poll(started).toBe(before + 1);
    const last = (): unknown => gateway.logLines.filter((line) => line.includes('"subscribers"')).at(-1);
    await expect.poll(last).toContain('"subscribers":0');
    expect((await metricsOf(gateway)).get('subscriptions_open')).toBe(0);
  });
});
