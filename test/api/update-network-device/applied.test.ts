import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';

const UPDATE = `mutation ($id: ID!, $input: DeviceUpdateInput!, $expectedVersion: Int, $dryRun: Boolean) {
  updateNetworkDevice(id: $id, input: $input, expectedVersion: $expectedVersion, dryRun: $dryRun) {
    id version name notes updatedAt wifi { ssid password ssid5G } dhcp { leaseTime reservedClients { mac ip enable id } }
  }
}`;

describe('updateNetworkDevice, applied', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('changes what is asked for, leaves the rest, and answers with what is stored', async () => {
    const device = await createDevice(gateway);
    const token = await gateway.token('MANAGER', device.customer);
    const input = { name: '  My Primary Router ', wifi: { password: '1NT3RN3T!' } };
    const { data, errors } = await gateway.query(UPDATE, { token, variables: { id: device.id, input } });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({
      updateNetworkDevice: {
        id: device.id,
        version: 2,
        name: 'My Primary Router',
        notes: 'Note about device',
        wifi: { ssid: 'SkyNet', password: '1NT3RN3T!', ssid5G: 'Need4Speed' },
        dhcp: { leaseTime: 10 },
      },
    });
    const { rows } = await gateway.sql.query('SELECT name, version FROM network_device WHERE id = $1', [
      device.id,
    ]);
    expect(rows).toEqual([{ name: 'My Primary Router', version: 2 }]);
  });

  it('refuses a stranger with the coded error of the page', async () => {
    const device = await createDevice(gateway);
    const stranger = await createDevice(gateway);
    const token = await gateway.token('OWNER', stranger.customer);
    const variables = { id: device.id, input: { name: 'Mine now' } };
    const { data, errors } = await gateway.query(UPDATE, { token, variables });
    expect(data).toEqual({ updateNetworkDevice: null });
    expect(errors[0]?.extensions).toMatchObject({
      code: 'ACCESS_DENIED',
      rest: { code: 403, message: 'access_denied' },
      deviceId: device.id,
    });
  });
});
