import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, newMac, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { lockWaits } from '../../support/lock-waits.js';
import { deviceIn, replace } from '../history/history.js';
import { changesOf, read, report, reported } from './report.js';

const ROUNDS = 6;

/** The field that each client reports; client by client another one. */
const CLIENTS: Readonly<Record<string, (round: number) => unknown>> = {
  online: (round) => round % 2 === 1,
  lanIp: (round) => `10.0.0.${round}`,
  gateway: (round) => `10.0.1.${round}`,
  upTime: (round) => round,
  dns: (round) => (round % 2 === 1 ? `10.0.2.${round}` : null),
  ipv6: (round) => `2001:db8::${round}`,
  simStatus: (round) => String(round),
  networkType: (round) => String(100 + round),
  signalStrength: (round) => round,
  downlinkRate: (round) => 1_000 + round,
};
const FIELDS = Object.keys(CLIENTS);

/** Every client names the devices in an order of its own. */
function turned<T>(items: readonly T[], by: number): readonly T[] {
  const rotated = [...items.slice(by % items.length), ...items.slice(0, by % items.length)];
  return by % 2 === 0 ? rotated : rotated.toReversed();
}

describe('reportDeviceStatus loses nothing, whoever reports at the same time', () => {
  let gateway: TestGateway;
  let token: string;
  beforeAll(async () => {
    gateway = await sharedGateway();
    token = await gateway.token('ADMIN', newId());
  });
  afterAll(async () => {
    await gateway.stop();
  });

  async function devicesWith(count: number, wishes: object = {}): Promise<readonly TestDevice[]> {
    const devices: TestDevice[] = [];
    for (let index = 0; index < count; index += 1) devices.push(await createDevice(gateway, wishes));
    return devices;
  }

  it.each<[string, object]>([
    ['that have a status', {}],
    ['that never reported', { status: null }],
  ])(
    'keeps every field of overlapping batches on devices %s, round after round',
    async (_, wishes) => {
      const devices = await devicesWith(8, wishes);
      for (let round = 1; round <= ROUNDS; round += 1) {
        // One moment for all: no report is older than another.
        const lastComm = new Date(Date.UTC(2026, 0, round)).toISOString();
        const expected = Object.fromEntries(FIELDS.map((field) => [field, CLIENTS[field]?.(round)]));
        const outcomes = await Promise.all(
          FIELDS.map(async (field, client) => {
            const own = turned(devices, client);
            const reports = own.map(({ id }) => ({ device: id, lastComm, [field]: expected[field] }));
            return { own, field, ...(await report(gateway, reports, token)) };
          }),
        );
        for (const { own, field, errors, devices: answers } of outcomes) {
          expect(errors).toEqual([]);
          const statuses = own.map(({ id }) => ({ id, status: { lastComm, [field]: expected[field] } }));
          expect(answers).toMatchObject(statuses);
        }
        for (const device of devices) {
          expect((await read(gateway, device)).status).toMatchObject({ lastComm, ...expected });
        }
      }
      for (const device of devices) expect(await changesOf(gateway, device)).toBe(ROUNDS * FIELDS.length);
    },
    120_000,
  );

  it('first reports of one device at once all survive, time after time', async () => {
    for (const device of await devicesWith(ROUNDS, { status: null })) {
      const lastComm = '2026-02-01T00:00:00.000Z';
      await Promise.all(
        FIELDS.map(
          async (field) => await reported(gateway, device, { lastComm, [field]: CLIENTS[field]?.(7) }),
        ),
      );
      const expected = Object.fromEntries(FIELDS.map((field) => [field, CLIENTS[field]?.(7)]));
      expect((await read(gateway, device)).status).toMatchObject({ lastComm, ...expected });
    }
  });

  it('the newest of many wins, in whatever order they arrive, and nobody is answered something older than it sent', async () => {
    const devices = await devicesWith(5, { status: null });
    const moments = Array.from({ length: 40 }, (_, index) => ((index * 17) % 40) + 1);
    const outcomes = await Promise.all(
      moments.map(async (second, client) => {
        const lastComm = new Date(Date.UTC(2026, 1, 1, 0, 0, second)).toISOString();
        const reports = turned(devices, client).map(({ id }) => ({ device: id, lastComm, upTime: second }));
        return { second, ...(await report(gateway, reports, token)) };
      }),
    );
    for (const { second, errors, devices: answers } of outcomes) {
      expect(errors).toEqual([]);
      for (const answer of answers ?? []) {
        const { upTime, lastComm } = answer?.status ?? {};
        expect(Number(upTime)).toBeGreaterThanOrEqual(second);
        expect(Date.parse(String(lastComm))).toBe(Date.UTC(2026, 1, 1, 0, 0, Number(upTime)));
      }
      expect(answers).toHaveLength(devices.length);
    }
    for (const device of devices) expect((await read(gateway, device)).status).toMatchObject({ upTime: 40 });
  });

  it('batches that name devices twice do not block each other either', async () => {
    const devices = await devicesWith(6, { status: null });
    const outcomes = await Promise.all(
      FIELDS.map(async (field, client) => {
        const own = turned(devices, client);
        const reports = [...own, ...own.toReversed()].map(({ id }) => ({
          device: id,
          lastComm: '2026-03-01T00:00:00Z',
          [field]: CLIENTS[field]?.(3),
        }));
        return await report(gateway, reports, token);
      }),
    );
    expect(outcomes.flatMap(({ errors }) => errors)).toEqual([]);
    const expected = Object.fromEntries(FIELDS.map((field) => [field, CLIENTS[field]?.(3)]));
    for (const device of devices) expect((await read(gateway, device)).status).toMatchObject(expected);
  });

  it('reports of hardware that is replaced at the same time change nothing', async () => {
    const device = await createDevice(gateway, { status: { online: true } });
    const owner = await gateway.token('OWNER', device.customer);
    const client = await gateway.sql.connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM device_status WHERE device_id = $1 FOR UPDATE', [device.id]);
    const macAddress = newMac();
    const replaced = replace(gateway, owner, device.id, { macAddress });
    await expect.poll(async () => await lockWaits(gateway)).toBe(1);
    // Its device is still found with the address of the old hardware.
    const old = report(gateway, [{ device: device.id, macAddress: device.macAddress, upTime: 7 }], token);
    await expect.poll(async () => await lockWaits(gateway)).toBe(2);
    await client.query('COMMIT');
    client.release();
    expect(deviceIn(await replaced)).toMatchObject({ version: 2, macAddress });
    expect(await old).toMatchObject({ errors: [], devices: [{ id: device.id, status: { upTime: null } }] });
    expect((await read(gateway, device)).status).toMatchObject({ online: null, upTime: null });
    const renewed = await report(gateway, [{ device: device.id, macAddress, upTime: 8 }], token);
    expect(renewed.devices).toMatchObject([{ status: { upTime: 8 } }]);
  });
});
