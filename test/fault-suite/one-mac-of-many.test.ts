import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { create, createModel, idIn } from '../api/create-network-device/create.js';
import { codesOf, deleteDevice } from '../api/delete-network-device/delete.js';
import { createCustomer } from '../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../support/gateway.js';
import { startSouthbound, type Southbound } from '../support/southbound.js';
import { row } from './support/figures.js';
import { size } from '../support/sizes.js';

const WRITERS = size(16, 8);
const ROUNDS = size(500, 5);

let gateway: TestGateway;
let southbound: Southbound;
beforeAll(async () => {
  southbound = await startSouthbound();
  gateway = await startTestGateway({ ...southbound.removalEnv, MAC_PROBE_LIMIT: '0', RATE_LIMIT: '0' });
});
afterAll(async () => {
  await gateway.stop();
  await southbound.close();
});

const states = z.object({
  networkDeviceConnection: z.object({ nodes: z.array(z.object({ id: z.string(), state: z.string() })) }),
});

/** The devices that show a MAC address, but for those that are being deleted. */
async function liveDevices(macAddress: string, token: string): Promise<readonly string[]> {
  const text = `{ networkDeviceConnection(filter: { search: "${macAddress}" }) { nodes { id state } } }`;
  const { nodes } = states.parse((await gateway.query(text, { token })).data).networkDeviceConnection;
  return nodes.filter(({ state }) => state !== 'DELETING').map(({ id }) => id);
}

/** Orders of a device that came after the first one of a later device, or were not at their end by then. */
function lateOrders({ arrivals }: Southbound): readonly unknown[] {
  const seen = new Set<string>();
  let current = '';
  let lastEnd = 0;
  const late: unknown[] = [];
  for (const arrival of arrivals) {
    if (arrival.deviceId !== current) {
      if (seen.has(arrival.deviceId) || lastEnd > arrival.startedAt) late.push({ ...arrival, lastEnd });
      current = arrival.deviceId;
      seen.add(current);
    }
    lastEnd = Math.max(lastEnd, arrival.endedAt ?? Infinity);
  }
  return late;
}

it(`one MAC address of ${WRITERS} writers and a stranger, ${ROUNDS} rounds each: never two live devices, and no order of an old one after the first of a new one`, async () => {
  southbound.answerWith(async () => {
    await delay(Math.random() * 15);
    return { status: Math.random() < 0.2 ? 500 : 204 };
  });
  const model = await createModel(gateway);
  const macAddress = newMac();
  const [customer, elsewhere] = [await createCustomer(gateway), await createCustomer(gateway)];
  const token = await gateway.token('OWNER', customer, '1h');
  const admin = await gateway.token('ADMIN', customer, '1h');
  const codes = new Set<string>();
  const created = { owner: 0, stranger: 0, 'most at once': 0 };
  let running = WRITERS;
  const write = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS;) {
      const answer = await create(gateway, token, { model, macAddress, wifi: { ssid: 'S' } });
      for (const code of codesOf(answer)) codes.add(code);
      if (answer.errors.length > 0) continue;
      created.owner += 1;
      round += 1;
      const deleted = await deleteDevice(gateway, { id: idIn(answer), customer }, {}, token);
      for (const code of codesOf(deleted)) codes.add(code);
    }
    running -= 1;
  };
  const writeElsewhere = async (): Promise<void> => {
    const stranger = await gateway.token('OWNER', elsewhere, '1h');
    while (running > 0) {
      const answer = await create(gateway, stranger, { model, macAddress, wifi: { ssid: 'S' } });
      for (const code of codesOf(answer)) codes.add(code);
      if (answer.errors.length > 0) continue;
      created.stranger += 1;
      await deleteDevice(gateway, { id: idIn(answer), customer: elsewhere }, {}, stranger);
    }
  };
  const look = async (): Promise<void> => {
    while (running > 0) {
      const live = await liveDevices(macAddress, admin);
      created['most at once'] = Math.max(created['most at once'], live.length);
    }
  };
  await Promise.all([...Array.from({ length: WRITERS }, write), writeElsewhere(), look()]);
  row('one MAC address', {
    writers: WRITERS,
    rounds: ROUNDS,
    ...created,
    orders: southbound.arrivals.length,
  });
  expect([...codes]).toEqual(['MAC_ADDRESS_IN_USE']);
  expect(created.owner).toBe(WRITERS * ROUNDS);
  expect(created['most at once']).toBe(1);
  expect(lateOrders(southbound)).toEqual([]);
  expect(southbound.errors).toEqual([]);
}, 1_800_000);
