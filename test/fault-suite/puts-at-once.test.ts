import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { queryAt, startTestGateway, type TestGateway, type Twin } from '../support/gateway.js';
import { row } from './support/figures.js';
import { size } from '../support/sizes.js';

const CLIENTS = 2;
const PUTS = size(500, 60);
/** Of each client. */
const MACS = size(100, 20);

const PUT = `mutation ($id: ID!, $put: [ReservedClientInput!]) {
  updateNetworkDevice(id: $id, input: { dhcp: { putReservedClients: $put } }) { version }
}`;
const READ =
  'query ($id: ID!) { networkDevice(id: $id) { version dhcp { reservedClients { mac ip reservationId } } } }';
const read = z.object({
  networkDevice: z.object({
    version: z.int(),
    dhcp: z.object({
      reservedClients: z.array(z.object({ mac: z.string(), ip: z.string(), reservationId: z.string() })),
    }),
  }),
});

let gateway: TestGateway;
let twin: Twin;
let device: TestDevice;
beforeAll(async () => {
  gateway = await startTestGateway({ PROVISIONING_WORKER: 'false', RATE_LIMIT: '0' });
  twin = await gateway.startTwin();
  device = await createDevice(gateway, { status: null, dhcp: { reservedClients: [] } });
});
afterAll(async () => {
  await twin.stop();
  await gateway.stop();
});

const macOf = (client: number, place: number): string =>
  `02000000${[client, place].map((part) => part.toString(16).padStart(2, '0')).join('')}`;

it(`${CLIENTS} clients put reservations ${PUTS} times each, of ${MACS} addresses of their own: each has its last put`, async () => {
  const token = await gateway.token('OWNER', device.customer, '1h');
  const last = new Map<string, object>();
  const put = async (client: number): Promise<void> => {
    for (let turn = 0; turn < PUTS; turn += 1) {
      const place = turn < MACS ? turn : Math.floor(Math.random() * MACS);
      const mac = macOf(client, place);
      const ip = `10.${client}.${turn % 2}.${place + 1}`;
      const variables = { id: device.id, put: [{ mac, ip, id: `put-${turn}` }] };
      const { errors } = await queryAt(client === 0 ? gateway.url : twin.url, PUT, { token, variables });
      expect(errors).toEqual([]);
      last.set(mac, { mac, ip, reservationId: `put-${turn}` });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, async (_, client) => await put(client)));
  const { data } = await gateway.query(READ, { token, variables: { id: device.id } });
  const { version, dhcp } = read.parse(data).networkDevice;
  row('puts of reservations at once', { puts: CLIENTS * PUTS, version });
  const byMac = new Map(dhcp.reservedClients.map((client) => [client.mac, client]));
  expect(dhcp.reservedClients).toHaveLength(CLIENTS * MACS);
  expect(byMac).toEqual(last);
  expect(version).toBe(1 + CLIENTS * PUTS);
}, 300_000);
