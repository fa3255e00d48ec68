import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCustomer } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { startSouthbound, type Southbound } from '../../support/southbound.js';
import { create, createModel, idIn } from '../create-network-device/create.js';
import { codesOf, deleteDevice } from '../delete-network-device/delete.js';

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

it('one MAC address of many writers is never that of two live devices, and no order of an old one comes after the first of a new one', async () => {
  southbound.answerWith(async () => {
    await delay(Math.random() * 15);
    return { status: Math.random() < 0.2 ? 500 : 204 };
  });
  const customer = await createCustomer(gateway);
  const token = await gateway.token('OWNER', customer);
  const model = await createModel(gateway);
  const macAddress = newMac();
  const codes = new Set<string>();
  let created = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 30; round += 1) {
        const answer = await create(gateway, token, { model, macAddress, wifi: { ssid: 'S' } });
        for (const code of codesOf(answer)) codes.add(code);
        if (answer.errors.length > 0) continue;
        const id = idIn(answer);
        created += 1;
        for (const code of codesOf(await deleteDevice(gateway, { id, customer }, {}, token))) codes.add(code);
      }
    }),
  );
  expect(created).toBeGreaterThan(20);
  expect([...codes].filter((code) => code !== 'MAC_ADDRESS_IN_USE')).toEqual([]);
  const seen = new Set<string>();
  for (const [index, { deviceId, startedAt }] of southbound.arrivals.entries()) {
    if (seen.has(deviceId)) continue;
    seen.add(deviceId);
    // Whatever was sent to devices before has ended, and nothing is sent to those any more.
    const others = southbound.arrivals.filter((arrival) => arrival.deviceId !== deviceId);
    const earlier = others.filter((arrival) => southbound.arrivals.indexOf(arrival) < index);
    expect(earlier.filter(({ endedAt = Infinity }) => endedAt > startedAt)).toEqual([]);
    const old = new Set(earlier.map((arrival) => arrival.deviceId));
    expect(southbound.arrivals.slice(index).filter((arrival) => old.has(arrival.deviceId))).toEqual([]);
  }
  expect(southbound.errors).toEqual([]);
});
