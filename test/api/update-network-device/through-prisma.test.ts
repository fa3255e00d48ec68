import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { PrismaClient } from '../../../src/generated/prisma/client.js';
import { NetworkDeviceResolver } from '../../../src/graphql/schema/resolvers/network-device-resolver.js';
import { createDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';

const UPDATE = `mutation ($id: ID!, $name: String) {
  updateNetworkDevice(id: $id, input: { name: $name }) { name }
}`;

const written = vi.spyOn(PrismaClient.prototype, '$queryRawUnsafe');
const resolved = vi.spyOn(NetworkDeviceResolver.prototype, 'updateNetworkDevice');
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
});
afterAll(async () => {
  written.mockRestore();
  resolved.mockRestore();
  await gateway.stop();
});

it('an update runs its resolver and is written by Prisma’s client, whether its document is known or not', async () => {
  const device = await createDevice(gateway);
  const token = await gateway.token('MANAGER', device.customer);
  for (const name of ['First', 'Second', 'Third']) {
    written.mockClear();
    resolved.mockClear();
    const { data } = await gateway.query(UPDATE, { token, variables: { id: device.id, name } });
    expect(data).toEqual({ updateNetworkDevice: { name } });
    expect(resolved).toHaveBeenCalledOnce();
    expect(written.mock.calls.map(([text]) => /UPDATE network_device/.exec(String(text))?.[0])).toEqual([
      'UPDATE network_device',
    ]);
  }
});
