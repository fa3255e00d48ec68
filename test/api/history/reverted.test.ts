import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCustomer, createDevice } from '../../support/fleet.js';
import {
  type GraphqlAnswer,
  newId,
  newMac,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.js';
import { create, createModel, faultOf, idIn } from '../create-network-device/create.js';
import { codesOf, deleteDevice } from '../delete-network-device/delete.js';
import { update } from '../provisioning/provisioning.js';
import { changes, deviceIn, replace, revert, SETTINGS, settingsAt } from './history.js';

let gateway: TestGateway;
let customer: string;
let token: string;

beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  customer = await createCustomer(gateway);
  token = await gateway.token('OWNER', customer);
});
afterAll(async () => {
  await gateway.stop();
});

async function read(id: string, fields = SETTINGS): Promise<unknown> {
  const query = `query ($id: ID!) { networkDevice(id: $id) { ${fields} } }`;
  return deviceIn(await gateway.query(query, { token, variables: { id } }));
}

async function entriesOf(id: string): Promise<readonly unknown[]> {
  const { rows } = await gateway.sql.query<Record<string, unknown>>(
    'SELECT version, action, paths, reverted_to FROM device_audit WHERE device_id = $1 ORDER BY id',
    [id],
  );
  return rows;
}

/** A device with WiFi only at version 1, another name and password at 2, DHCP at 3. */
async function changedDevice(): Promise<string> {
  const { id } = await createDevice(gateway, { customer, dhcp: null, wifi: { ssid: 'First' } });
  await update(gateway, token, id, { name: 'Second', wifi: { password: 'second password' } });
  const reservedClients = [{ mac: newMac(), ip: '192.168.0.9', id: 'kept' }];
  await update(gateway, token, id, { dhcp: { leaseTime: 3, reservedClients } });
  return id;
}

describe('revertNetworkDevice', () => {
  it('brings everything back at a new version, with a job and an entry of its own', async () => {
    const id = await changedDevice();
    const [first, third] = await settingsAt(gateway, token, id, [1, 3]);
    const dry = deviceIn(await revert(gateway, token, id, { toVersion: 1, dryRun: true }));
    expect(dry).toMatchObject({ version: 4, state: 'PROVISIONING', jobs: 1 });
    expect(await read(id)).toEqual(third);
    const reverted = deviceIn(await revert(gateway, token, id, { toVersion: 1, expectedVersion: 3 }));
    expect(reverted).toMatchObject({
      version: 4,
      state: 'PROVISIONING',
      jobs: 1,
      wifi: { password: 'JohnConner' },
    });
    expect(await read(id)).toEqual(first);
    expect((await entriesOf(id)).at(-1)).toEqual({
      version: 4,
      action: 'REVERT',
      paths: ['name', 'wifi.password', 'dhcp'],
      reverted_to: 1,
    });
    expect((await changes(gateway, token, id))[0]).toMatchObject({
      action: 'REVERT',
      before: third,
      after: first,
    });
    await revert(gateway, token, id, { toVersion: 3 });
    expect(await read(id)).toEqual(third);
  });

  it('of what is as it was then changes nothing', async () => {
    const id = await changedDevice();
    const before = await read(id, `version updatedAt jobs ${SETTINGS}`);
    const entries = await entriesOf(id);
    for (const more of [
      { toVersion: 1, paths: [] },
      { toVersion: 2, paths: ['name', 'wifi.ssid5G'] },
    ]) {
      expect(deviceIn(await revert(gateway, token, id, more))).toMatchObject({ version: 3 });
    }
    expect(await read(id, `version updatedAt jobs ${SETTINGS}`)).toEqual(before);
    expect(await entriesOf(id)).toEqual(entries);
  });

  it('of some paths leaves the others, and undoes one change in the middle', async () => {
    const id = await changedDevice();
    await update(gateway, token, id, { notes: 'Later' });
    const [, , second] = await changes(gateway, token, id);
    expect(second?.paths).toEqual(['name', 'wifi.password']);
    await revert(gateway, token, id, { toVersion: 1, paths: second?.paths ?? [] });
    expect(await read(id)).toMatchObject({
      name: 'Johns router',
      notes: 'Later',
      wifi: { password: 'JohnConner' },
      dhcp: { leaseTime: 3, reservedClients: [{ reservationId: 'kept' }] },
    });
  });

  it('clears a field whose section was not there, brings no section to clear it, and knows reservations by their ids', async () => {
    const id = await changedDevice();
    await revert(gateway, token, id, { toVersion: 1, paths: ['dhcp.leaseTime', 'dhcp.putReservedClients'] });
    expect(await read(id)).toMatchObject({ dhcp: { enable: false, leaseTime: null, reservedClients: [] } });
    await revert(gateway, token, id, { toVersion: 3, paths: ['dhcp.reservedClients'] });
    expect(await read(id)).toMatchObject({
      dhcp: { leaseTime: null, reservedClients: [{ ip: '192.168.0.9', reservationId: 'kept' }] },
    });
    await update(gateway, token, id, { dhcp: null });
    const { version } = deviceIn(await revert(gateway, token, id, { toVersion: 1, paths: ['dhcp.enable'] }));
    expect(version).toBe(6);
    expect(await read(id)).toMatchObject({ dhcp: null });
  });

  it('goes to earlier versions that are known, by paths that there are; everything wrong in one answer', async () => {
    const id = await changedDevice();
    const asked = async (more: Parameters<typeof revert>[3]) =>
      faultOf(await revert(gateway, token, id, more));
    for (const toVersion of [0, -1, 3, 4, 2_147_483_647]) {
      expect(await asked({ toVersion })).toEqual(['INVALID_VALUE', 'toVersion']);
    }
    expect(
      await asked({ toVersion: 1, paths: ['name', 'model', 'wifi.x', 'dhcp.reservedClients[0].ip'] }),
    ).toEqual(['INVALID_VALUE', 'paths[1]', 'paths[2]', 'paths[3]']);
    expect(await asked({ toVersion: 3, paths: [''], dryRun: true })).toEqual([
      'INVALID_VALUE',
      'toVersion',
      'paths[0]',
    ]);
    expect(await asked({ toVersion: 1, paths: Array.from({ length: 101 }, () => 'name') })).toEqual([
      'INVALID_VALUE',
      'paths',
    ]);
    expect(await asked({ toVersion: 1, expectedVersion: 2 })).toEqual(['VERSION_CONFLICT']);
    expect(await read(id, 'version')).toEqual({ version: 3 });
  });

  it('obeys the rules of now and the model of now', async () => {
    const { id } = await createDevice(gateway, { customer });
    await update(gateway, token, id, { wifi: { enabled5G: false, ssid5G: null } });
    await gateway.sql.query(
      'UPDATE device_model SET wifi_5g = false WHERE id = (SELECT model_id FROM network_device WHERE id = $1)',
      [id],
    );
    expect(faultOf(await revert(gateway, token, id, { toVersion: 1 }))).toEqual([
      'INVALID_VALUE',
      'wifi.enabled5G',
    ]);
    expect(codesOf(await revert(gateway, token, id, { toVersion: 1, paths: ['wifi.ssid5G'] }))).toEqual([]);
  });

  it('needs the MAC address to be free, and asks for it as an update does', async () => {
    const { id, macAddress } = await createDevice(gateway, { customer });
    await update(gateway, token, id, { macAddress: newMac() });
    await createDevice(gateway, { customer, macAddress });
    expect(faultOf(await revert(gateway, token, id, { toVersion: 1 }))).toEqual([
      'MAC_ADDRESS_IN_USE',
      'macAddress',
    ]);
    expect(faultOf(await revert(gateway, token, id, { toVersion: 1, dryRun: true }))).toEqual([
      'MAC_ADDRESS_IN_USE',
      'macAddress',
    ]);
    expect(codesOf(await revert(gateway, token, id, { toVersion: 1, paths: ['name'] }))).toEqual([]);
  });

  it('takes the MAC address of a device that is being deleted', async () => {
    const { id, macAddress } = await createDevice(gateway, { customer });
    await update(gateway, token, id, { macAddress: newMac() });
    const other = await createDevice(gateway, { customer, macAddress });
    await deleteDevice(gateway, other);
    expect(deviceIn(await revert(gateway, token, id, { toVersion: 1 }))).toMatchObject({ macAddress });
  });

  it('does not bring back hardware that was replaced, unless it is named', async () => {
    const model = await createModel(gateway);
    const id = idIn(await create(gateway, token, { customer, model, name: 'Old', serialNumber: 'OLD' }));
    await update(gateway, token, id, { name: 'Named' });
    const macAddress = newMac();
    await replace(gateway, token, id, { macAddress, serialNumber: 'NEW' });
    await update(gateway, token, id, { notes: 'Later' });
    const hardware = { macAddress, serialNumber: 'NEW' };
    expect(deviceIn(await revert(gateway, token, id, { toVersion: 1 }))).toMatchObject({
      name: 'Old',
      ...hardware,
    });
    expect(await read(id)).toMatchObject({ notes: null, ...hardware });
    // A change of the new hardware's own is no replacement.
    await update(gateway, token, id, { serialNumber: 'CORRECTED' });
    expect(deviceIn(await revert(gateway, token, id, { toVersion: 3 }))).toMatchObject({
      name: 'Named',
      ...hardware,
    });
    await revert(gateway, token, id, { toVersion: 1, paths: ['serialNumber'] });
    expect(await read(id)).toMatchObject({ macAddress, serialNumber: 'OLD' });
  });

  it('has its effect once with a key, compared by its arguments', async () => {
    const id = await changedDevice();
    const key = newId();
    const once = async (more: object): Promise<GraphqlAnswer> =>
      await revert(gateway, token, id, { toVersion: 1, key, ...more });
    expect(deviceIn(await once({}))).toMatchObject({ version: 4 });
    await update(gateway, token, id, { notes: 'Meanwhile' });
    expect(deviceIn(await once({}))).toMatchObject({ version: 5, notes: 'Meanwhile' });
    for (const other of [{ toVersion: 2 }, { paths: [] }, { expectedVersion: 4 }]) {
      expect(codesOf(await once(other))).toEqual(['IDEMPOTENCY_KEY_REUSED']);
    }
    expect(codesOf(await update(gateway, token, id, { name: 'x' }))).toEqual([]);
  });

  it('refuses a device that is being deleted', async () => {
    const id = await changedDevice();
    await deleteDevice(gateway, { id, customer });
    expect(codesOf(await revert(gateway, token, id, { toVersion: 1 }))).toEqual(['DEVICE_DELETING']);
    const [deleted] = await changes(gateway, token, id);
    expect(deleted).toMatchObject({ action: 'DELETE', version: 4, paths: [] });
    expect(deleted?.before).toEqual(deleted?.after);
    expect(deleted?.after).toMatchObject({ name: 'Second', wifi: { password: 'second password' } });
  });
});
