import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { connect, type Subscriber, touch } from './subscriber.js';

const PASSWORDS = `subscription ($ids: [ID!]) {
  networkDeviceChanged(ids: $ids) { name wifi { ssid password password5G password6G } }
}`;
const event = z.object({
  event: z.literal('wifi_password_read'),
  requestId: z.string().min(1),
  subject: z.string(),
  accessLevel: z.string(),
  reads: z.array(z.object({ fields: z.array(z.string()), deviceIds: z.array(z.string()) })),
});

describe('subscriptions are seen by operators', () => {
  let gateway: TestGateway;
  let device: TestDevice;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
    device = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  beforeEach(() => {
    gateway.logLines.length = 0;
  });

  const subscriber = async (level: 'OWNER' | 'VIEWER'): Promise<Subscriber> =>
    await connect(gateway, await gateway.token(level, device.customer));
  const events = (): readonly z.infer<typeof event>[] =>
    gateway.logLines.flatMap((line) => {
      const parsed = event.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    });
  const nextsOf = ({ messages }: Subscriber): number => messages.filter(({ type }) => type === 'next').length;

  it('one line in the log for each event that showed passwords, none where they are hidden', async () => {
    const [owner, viewer] = [await subscriber('OWNER'), await subscriber('VIEWER')];
    try {
      for (const each of [owner, viewer]) await each.watch('1', { ids: [device.id] }, PASSWORDS);
      for (const count of [1, 2]) {
        await touch(gateway, [device.id], `Touched ${count}`);
        await expect.poll(() => [nextsOf(owner), nextsOf(viewer)]).toEqual([count, count]);
      }
    } finally {
      owner.close();
      viewer.close();
    }
    await expect.poll(() => events().length).toBeGreaterThanOrEqual(2);
    const [first, ...others] = events();
    expect(first).toMatchObject({
      subject: 'test-OWNER',
      accessLevel: 'OWNER',
      reads: [{ fields: ['wifi.password', 'wifi.password5G'], deviceIds: [device.id] }],
    });
    expect(others).toEqual([first]);
    expect(gateway.logLines.join('')).not.toMatch(/JohnConner|SarahConner/);
  });

  it('the metrics show how many there are', async () => {
    const count = async (): Promise<unknown> => {
      const text = await (await fetch(new URL('/metrics', gateway.url))).text();
      return /^subscriptions_open (\d+)$/m.exec(text)?.[1];
    };
    await expect.poll(count).toBe('0');
    const owner = await subscriber('OWNER');
    await owner.watch('1', { ids: [device.id] });
    await owner.watch('2', { ids: [device.id] });
    expect(await count()).toBe('2');
    owner.send({ id: '1', type: 'complete' });
    await expect.poll(count).toBe('1');
    owner.close();
    await expect.poll(count).toBe('0');
  });
});
