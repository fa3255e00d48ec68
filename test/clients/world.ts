import { WebSocket } from 'ws';
import { createCustomer, createDevice, type TestDevice } from '../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../support/gateway.js';
import { touch } from '../live/subscriber.js';

// Browsers have it, and Node from 22 on.
Object.assign(globalThis, { WebSocket });

/** A gateway with two routers of one customer, which have given the same id to different reservations. */
export interface World {
  readonly gateway: TestGateway;
  readonly url: string;
  readonly token: string;
  readonly kitchen: TestDevice;
  readonly office: TestDevice;
  /** Changes a device as somebody else does, as soon as there is one more subscription. */
  readonly renameWhenWatched: (device: TestDevice, name: string) => Promise<void>;
}

/** The addresses of the two reservations. */
export const KITCHEN_IP = '192.168.0.10';
export const OFFICE_IP = '192.168.0.20';

/** Starts such a gateway. */
export async function startWorld(env: Readonly<Record<string, string>> = {}): Promise<World> {
  const gateway = await startTestGateway(env);
  const customer = await createCustomer(gateway);
  // Lists are in order of id.
  const [first, second] = [newId(), newId()].sort();
  const router = async (id: string | undefined, name: string, mac: string, ip: string): Promise<TestDevice> =>
    await createDevice(gateway, {
      ...(id !== undefined && { id }),
      customer,
      name,
      dhcp: { reservedClients: [{ mac, ip, enable: true, id: 'same-id' }] },
    });
  const kitchen = await router(first, 'Kitchen', '120000000001', KITCHEN_IP);
  const office = await router(second, 'Office', '120000000002', OFFICE_IP);
  const started = (): number =>
    gateway.logLines.filter((line) => line.includes('subscription started')).length;
  return {
    gateway,
    url: gateway.url,
    token: await gateway.token('MANAGER', customer),
    kitchen,
    office,
    renameWhenWatched: async (device, name) => {
      const before = started();
      const giveUpAt = performance.now() + 20_000;
      while (started() === before) {
        if (performance.now() > giveUpAt) throw new Error('Nobody subscribes.');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await touch(gateway, [device.id], name);
    },
  };
}
