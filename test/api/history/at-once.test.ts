import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import { newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { lockWaits } from '../../support/lock-waits.js';
import { codesOf } from '../delete-network-device/delete.js';
import { update } from '../provisioning/provisioning.js';
import { changes, deviceIn, replace, revert, SETTINGS, settingsAt } from './history.js';

let gateway: TestGateway;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

/** Versions have no gap, and each change begins with what the one before left. */
async function holdsTogether(id: string): Promise<number> {
  const found = (await changes(gateway, token, id)).toReversed();
  expect(found.map(({ version }) => version)).toEqual(found.map((_, index) => index + 1));
  expect(found.slice(1).map(({ before }) => before)).toEqual(found.slice(0, -1).map(({ after }) => after));
  const query = `query ($id: ID!) { networkDevice(id: $id) { ${SETTINGS} } }`;
  expect(deviceIn(await gateway.query(query, { token, variables: { id } }))).toEqual(found.at(-1)?.after);
  return found.length;
}

describe('reverts at once', () => {
  it('of which two go to different versions leave one of both, and no gap', async () => {
    const { id } = await createDevice(gateway, { customer, name: 'One' });
    await update(gateway, token, id, { name: 'Two' });
    await update(gateway, token, id, { name: 'Three' });
    const answers = await Promise.all(
      [1, 2].map(async (toVersion) => await revert(gateway, token, id, { toVersion })),
    );
    expect(answers.flatMap(codesOf)).toEqual([]);
    expect(await holdsTogether(id)).toBe(5);
    const versions = answers.map((answer) => Number(deviceIn(answer)['version']));
    expect(versions.toSorted()).toEqual([4, 5]);
    const [one, two] = await settingsAt(gateway, token, id, versions);
    expect([one, two]).toMatchObject([{ name: 'One' }, { name: 'Two' }]);
  });

  it('and the same one twice has its effect once', async () => {
    const { id } = await createDevice(gateway, { customer, name: 'One' });
    await update(gateway, token, id, { name: 'Two' });
    const twice = async () => await revert(gateway, token, id, { toVersion: 1 });
    expect((await Promise.all([twice(), twice()])).flatMap(codesOf)).toEqual([]);
    expect(await holdsTogether(id)).toBe(3);
  });

  it('as a replacement leave the new hardware its own address', async () => {
    const { id, macAddress } = await createDevice(gateway, { customer, name: 'One' });
    await update(gateway, token, id, { name: 'Two' });
    const hardware = { macAddress: newMac(), serialNumber: 'NEW' };
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM network_device WHERE id = $1 FOR UPDATE', [id]);
    const replaced = replace(gateway, token, id, hardware);
    await expect.poll(async () => await lockWaits(gateway)).toBe(1);
    // It finds the device as it was, and waits behind the replacement.
    const reverted = revert(gateway, token, id, { toVersion: 1 });
    await expect.poll(async () => await lockWaits(gateway)).toBe(2);
    await client.query('COMMIT');
    client.release();
    expect(deviceIn(await replaced)).toMatchObject({ version: 3, ...hardware });
    expect(deviceIn(await reverted)).toMatchObject({ version: 4, name: 'One', ...hardware });
    expect(hardware.macAddress).not.toBe(macAddress);
  });

  it('against 16 writers lose nothing that others write', async () => {
    const { id } = await createDevice(gateway, { customer, name: 'One', wifi: { ssid: 'One' } });
    await update(gateway, token, id, { name: 'Two', wifi: { ssid: 'Two', password: 'second password' } });
    const paths = ['name', 'wifi.ssid', 'wifi.password'];
    const writers = Array.from({ length: 16 }, async (_, writer) => {
      for (let round = 0; round < 3; round += 1) {
        const { errors } = await update(gateway, token, id, {
          notes: `${writer} ${round}`,
          dhcp: { leaseTime: 1 + writer },
        });
        expect(errors).toEqual([]);
      }
    });
    const reverts = [1, 2, 1, 2].map(
      async (toVersion) => await revert(gateway, token, id, { toVersion, paths }),
    );
    expect((await Promise.all(reverts)).flatMap(codesOf)).toEqual([]);
    await Promise.all(writers);
    expect(await holdsTogether(id)).toBeGreaterThan(20);
    const written = (await changes(gateway, token, id)).filter(({ action }) => action === 'UPDATE');
    const notes = new Set(written.map(({ after }) => after?.['notes']));
    for (let writer = 0; writer < 16; writer += 1) expect(notes).toContain(`${writer} 2`);
  });
});
