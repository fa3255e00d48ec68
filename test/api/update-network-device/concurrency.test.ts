import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { newMac, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { inputPaths, OF_ENTRIES } from './input-fields.js';
import { type DeviceAnswer, type Input, read, update, updated } from './update.js';

/** Each field is written this many times while all others are: a lost write shows in any of them. */
const ROUNDS = 8;

/** What the client of one field wants in one round: never what it wanted in the round before. */
type Wishes = Readonly<Record<string, (round: number) => unknown>>;

const isOdd = (round: number): boolean => round % 2 === 1;

/** Two devices cannot want the same addresses, so each has its own. */
function general(): Wishes {
  const macs = Array.from({ length: ROUNDS + 1 }, newMac);
  return {
    name: (round) => `Name ${round}`,
    notes: (round) => `Notes ${round}`,
    macAddress: (round) => macs[round],
    serialNumber: (round) => `SER-${round}`,
    mvnoAccount: (round) => round.toString(16).padStart(24, '0'),
  };
}

const FLAGS: Wishes = {
  'wifi.enabled': isOdd,
  'wifi.enabled5G': isOdd,
  'wifi.enabled6G': isOdd,
};
const WIFI_TEXTS: Wishes = {
  'wifi.ssid': (round) => `SSID ${round}`,
  'wifi.password': (round) => `Password ${round}`,
  'wifi.ssid5G': (round) => `SSID 5G ${round}`,
  'wifi.password5G': (round) => `Password 5G ${round}`,
  'wifi.ssid6G': (round) => `SSID 6G ${round}`,
  'wifi.password6G': (round) => `Password 6G ${round}`,
};
const DHCP: Wishes = {
  'dhcp.enable': isOdd,
  'dhcp.ipPoolStart': (round) => `192.168.0.${100 + round}`,
  'dhcp.ipPoolEnd': (round) => `192.168.0.${200 + round}`,
  'dhcp.leaseTime': (round) => 100 + round,
  'dhcp.primaryDnsServer': (round) => `10.0.0.${round}`,
  'dhcp.reservedClients': (round) => [
    { mac: '123456789013', ip: `192.168.0.${10 + round}`, enable: isOdd(round), id: `id ${round}` },
  ],
};

/** All bands are alike and off, so that any field can change before or after any other. */
const DEVICE: DeviceWishes = {
  wifi: {
    enabled: false,
    enabled5G: false,
    ssid5G: 'SkyNet',
    password5G: 'JohnConner',
    ssid6G: 'SkyNet',
    password6G: 'JohnConner',
  },
  dhcp: { enable: false },
};

// Band steering and what it steers cannot change independently, so they take turns.
const FIELD_SETS: [string, Wishes][] = [
  ['every field but bandsteering', { ...general(), ...FLAGS, ...WIFI_TEXTS, ...DHCP }],
  ['every field but SSIDs and passwords', { ...general(), ...FLAGS, 'wifi.bandsteering': isOdd, ...DHCP }],
];

function inputOf(path: string, value: unknown): Input {
  const [section = '', field] = path.split('.');
  return field === undefined ? { [section]: value } : { [section]: { [field]: value } };
}

function valueAt(device: DeviceAnswer, path: string): unknown {
  const [section = '', field] = path.split('.');
  const values: Readonly<Record<string, unknown>> = { ...device };
  if (field === undefined) return values[section];
  return (section === 'wifi' ? device.wifi : device.dhcp)?.[field];
}

function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

describe('updateNetworkDevice never loses a write, whoever writes at the same time', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('is tried here with every field of the schema, and with no other', async () => {
    const paths = new Set(FIELD_SETS.flatMap(([, wishes]) => Object.keys(wishes)));
    expect([...paths, ...OF_ENTRIES].sort()).toEqual((await inputPaths(gateway, 'DeviceUpdateInput')).sort());
  });

  it.each(FIELD_SETS)(
    'keeps what clients write at once, one for %s, round after round',
    async (_, wishes) => {
      const device = await createDevice(gateway, DEVICE);
      const paths = Object.keys(wishes);
      for (const round of range(1, ROUNDS)) {
        const answers = await Promise.all(
          Object.entries(wishes).map(
            async ([path, wish]) => await updated(gateway, device, inputOf(path, wish(round))),
          ),
        );
        const firstVersion = (round - 1) * paths.length + 2;
        const versions = answers.map(({ version }) => version).sort((one, other) => one - other);
        expect(versions).toEqual(range(firstVersion, paths.length));
        answers.forEach((answer, index) => {
          const path = paths[index] ?? '';
          expect(valueAt(answer, path)).toEqual(wishes[path]?.(round));
        });
        const stored = await read(gateway, device);
        const values = paths.map((path) => [path, valueAt(stored, path)]);
        expect(values).toEqual(Object.entries(wishes).map(([path, wish]) => [path, wish(round)]));
      }
      expect((await read(gateway, device)).version).toBe(1 + ROUNDS * paths.length);
    },
    60_000,
  );

  it('lets exactly one of many win that expect the same version', async () => {
    const device = await createDevice(gateway);
    const clients = range(1, 20);
    const outcomes = await Promise.all(
      clients.map(
        async (client) =>
          await update(gateway, device, { notes: `Client ${client}` }, { expectedVersion: 1 }),
      ),
    );
    const winners = outcomes.filter(({ errors }) => errors.length === 0);
    expect(winners).toHaveLength(1);
    expect(winners[0]?.device?.version).toBe(2);
    const losers = outcomes.filter(({ errors }) => errors.length > 0);
    for (const { device: answer, errors } of losers) {
      expect(answer).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors[0]?.extensions).toMatchObject({
        code: 'VERSION_CONFLICT',
        rest: { code: 409, message: 'version' },
        currentVersion: 2,
        deviceId: device.id,
        retryable: false,
      });
      expect(errors[0]?.extensions.violations).toBeUndefined();
    }
    const { version, notes } = await read(gateway, device);
    expect({ version, notes }).toEqual({ version: 2, notes: winners[0]?.device?.notes });
  });

  it('refuses an expected version that is not the current one, older or newer', async () => {
    const device = await createDevice(gateway);
    await updated(gateway, device, { notes: 'Second' }, { expectedVersion: 1 });
    for (const expectedVersion of [1, 3, 0, -1]) {
      const { device: answer, errors } = await update(gateway, device, { notes: 'x' }, { expectedVersion });
      expect(answer).toBeNull();
      expect(errors[0]?.extensions).toMatchObject({ code: 'VERSION_CONFLICT', currentVersion: 2 });
    }
    expect(await updated(gateway, device, { notes: 'x' }, { expectedVersion: 2 })).toMatchObject({
      version: 3,
    });
  });

  it('refuses another expected version even for an update that would change nothing', async () => {
    const device = await createDevice(gateway);
    const { errors } = await update(gateway, device, {}, { expectedVersion: 2 });
    expect(errors[0]?.extensions).toMatchObject({ code: 'VERSION_CONFLICT', currentVersion: 1 });
  });

  it('never fails an update without expected version, were a hundred to write one field at once', async () => {
    const device = await createDevice(gateway);
    const clients = range(1, 100);
    const answers = await Promise.all(
      clients.map(async (client) => await updated(gateway, device, { notes: `Client ${client}` })),
    );
    const byVersion = answers.toSorted((one, other) => one.version - other.version);
    expect(byVersion.map(({ version }) => version)).toEqual(range(2, 100));
    const { version, notes } = await read(gateway, device);
    expect({ version, notes }).toEqual({ version: 101, notes: byVersion.at(-1)?.notes });
  });

  it('checks every update by the state that it meets: two good ones never add up to a bad one', async () => {
    for (const round of range(1, ROUNDS)) {
      const device = await createDevice(gateway, DEVICE);
      const outcomes = await Promise.all([
        update(gateway, device, { wifi: { enabled: true } }),
        update(gateway, device, { wifi: { ssid: null } }),
      ]);
      const refused = outcomes.flatMap(({ errors }) => errors);
      expect(refused, `round ${round}`).toHaveLength(1);
      expect(refused[0]?.extensions.rest).toEqual({ code: 422, message: 'wifi.ssid' });
      expect((await read(gateway, device)).version).toBe(2);
    }
  });
});
