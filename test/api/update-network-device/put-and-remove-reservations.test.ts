import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { startTestGateway, type TestGateway } from '../../support/gateway.js';
import { read, update, updated } from './update.js';

const [A, B, C, D] = ['020000000001', '020000000002', '020000000003', '020000000004'] as const;
const client = (mac: string, host: number, more: object = {}): object => ({
  mac,
  ip: `192.168.0.${host}`,
  enable: true,
  id: null,
  ...more,
});
const STORED = [client(A, 11, { id: 'a' }), client(B, 12), client(C, 13, { enable: false })];

describe('reservations that are put and removed one by one', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ PROVISIONING_WORKER: 'false' });
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const withStored = async (): Promise<TestDevice> =>
    await createDevice(gateway, { dhcp: { enable: false, reservedClients: STORED } });
  const listAfter = async (dhcp: object): Promise<unknown> =>
    (await updated(gateway, await withStored(), { dhcp })).dhcp?.['reservedClients'];
  const faultsOf = async (dhcp: object, device?: TestDevice): Promise<readonly string[]> => {
    const { errors } = await update(gateway, device ?? (await withStored()), { dhcp });
    return errors.flatMap(({ extensions }) => extensions.violations?.map(({ path }) => path) ?? []);
  };

  it.each([
    [
      'an unknown one stands at the end, in the order of the list',
      { putReservedClients: [{ mac: D, ip: '192.168.0.14' }] },
      [...STORED, client(D, 14)],
    ],
    [
      'a known one keeps what is not given',
      { putReservedClients: [{ mac: '02-00-00-00-00-01', ip: '192.168.0.21' }] },
      [client(A, 21, { id: 'a' }), ...STORED.slice(1)],
    ],
    [
      'null clears inside an item',
      { putReservedClients: [{ mac: A, enable: null, id: null }] },
      [client(A, 11, { enable: false }), ...STORED.slice(1)],
    ],
    [
      'removed ones go, and one that is not there is no fault',
      { removeReservedClients: ['02:00:00:00:00:01', D] },
      STORED.slice(1),
    ],
    [
      'removed, then put: at the end, and nothing of it stays',
      { removeReservedClients: [A], putReservedClients: [{ mac: A, ip: '192.168.0.31' }] },
      [...STORED.slice(1), client(A, 31)],
    ],
    ['empty lists change nothing', { putReservedClients: [], removeReservedClients: [] }, STORED],
    ['null is nothing', { putReservedClients: null, removeReservedClients: null }, STORED],
    [
      'null beside the whole list is nothing',
      { reservedClients: [], putReservedClients: null, removeReservedClients: null },
      [],
    ],
  ])('%s', async (_, dhcp, expected) => {
    expect(await listAfter(dhcp)).toEqual(expected);
  });

  it('a device without DHCP section: removing changes nothing, putting makes one', async () => {
    const device = await createDevice(gateway, { dhcp: null });
    const removed = await updated(gateway, device, { dhcp: { removeReservedClients: [A] } });
    expect(removed).toMatchObject({ version: 1, dhcp: null });
    const put = await updated(gateway, device, {
      dhcp: { putReservedClients: [{ mac: A, ip: '192.168.0.9' }] },
    });
    expect(put).toMatchObject({ version: 2, dhcp: { enable: false, reservedClients: [{ mac: A }] } });
  });

  it.each([
    [
      'malformed',
      {
        putReservedClients: [
          { mac: D, ip: '192.168.0.14' },
          { mac: 'x', ip: '192.168.0.15' },
        ],
        removeReservedClients: [A, 'y'],
      },
      ['dhcp.putReservedClients[1].mac', 'dhcp.removeReservedClients[1]'],
    ],
    [
      'twice',
      {
        putReservedClients: [{ mac: D, ip: '192.168.0.14' }, { mac: '02:00:00:00:00:04' }],
        removeReservedClients: [A, B, A],
      },
      ['dhcp.putReservedClients[1].mac', 'dhcp.removeReservedClients[2]'],
    ],
    [
      'beside the whole list',
      { reservedClients: null, putReservedClients: [], removeReservedClients: [] },
      ['dhcp.putReservedClients', 'dhcp.removeReservedClients'],
    ],
    ['without a mac', { putReservedClients: [{ ip: '192.168.0.14' }] }, ['dhcp.putReservedClients[0].mac']],
    ['without an ip', { putReservedClients: [{ mac: D }] }, ['dhcp.putReservedClients[0].ip']],
    [
      'an ip that a later one has',
      { putReservedClients: [{ mac: A, ip: '192.168.0.12' }] },
      ['dhcp.putReservedClients[0].ip'],
    ],
    [
      'an ip that an earlier one has',
      { putReservedClients: [{ mac: D, ip: '192.168.0.11' }] },
      ['dhcp.putReservedClients[0].ip'],
    ],
    [
      'a multicast address',
      { putReservedClients: [{ mac: '010000000001', ip: '192.168.0.14' }] },
      ['dhcp.putReservedClients[0].mac'],
    ],
    [
      "the device's own address",
      { putReservedClients: [{ mac: D, ip: '192.168.0.1' }] },
      ['dhcp.putReservedClients[0].ip'],
    ],
  ])('%s is told where it stands in the input', async (_, dhcp, expected) => {
    expect(await faultsOf(dhcp)).toEqual(expected);
  });

  it('more than 256 together are one violation of the list', async () => {
    const put = Array.from({ length: 254 }, (_, index) => ({
      mac: `0211000000${index.toString(16).padStart(2, '0')}`,
      ip: '192.168.0.14',
    }));
    expect(await faultsOf({ putReservedClients: put })).toEqual(['dhcp.reservedClients']);
  });

  it('two clients that each put one of their own at once, over and over, both succeed', async () => {
    const device = await createDevice(gateway, { dhcp: { enable: false, reservedClients: [] } });
    const rounds = 100;
    const putAll = async (mac: string, first: number): Promise<void> => {
      for (let round = 1; round <= rounds; round += 1) {
        const putReservedClients = [{ mac, ip: `192.168.0.${first + round}` }];
        await updated(gateway, device, { dhcp: { putReservedClients } });
      }
    };
    await Promise.all([putAll(A, 20), putAll(B, 130)]);
    const { version, dhcp } = await read(gateway, device);
    expect(version).toBe(1 + 2 * rounds);
    expect(dhcp?.['reservedClients']).toHaveLength(2);
    expect(dhcp?.['reservedClients']).toEqual(expect.arrayContaining([client(A, 120), client(B, 230)]));
  });
});
