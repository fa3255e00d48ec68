import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { newMac, sharedGateway, type TestGateway } from '../../support/gateway.js';
import { inputPaths, OF_ENTRIES } from './input-fields.js';
import { type DeviceAnswer, expectRefused, type Input, read, settingsOf, updated } from './update.js';

const OLD_CLIENT = { mac: '123456789013', ip: '192.168.0.10', enable: true, id: 'r8jf84fv' };
const NEW_CLIENT = { mac: '123456789014', ip: '192.168.0.11', enable: false, id: 'new' };

interface Sample {
  /** What the device holds before. */
  readonly stored: unknown;
  readonly wish: unknown;
}

const text = (stored: string, wish: string): Sample => ({ stored, wish });
const flag: Sample = { stored: false, wish: true };

/** Every field that an update can change. Any wish goes with any other, so that they can be combined at will. */
const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  ['name', text('Johns router', 'My Primary Router')],
  ['notes', text('Note about device', 'Another note')],
  ['macAddress', { stored: undefined, wish: newMac() }],
  ['serialNumber', text('SER123456', 'SER-7')],
  ['mvnoAccount', text('12345678901234567890dddd', '12345678901234567890ddde')],
  ['wifi.enabled', flag],
  ['wifi.ssid', text('SkyNet', 'Mesh')],
  ['wifi.password', text('JohnConner', 'MeshMesh')],
  ['wifi.enabled5G', flag],
  ['wifi.ssid5G', text('Need4Speed', 'Mesh')],
  ['wifi.password5G', text('SarahConner', 'MeshMesh')],
  ['wifi.enabled6G', flag],
  ['wifi.ssid6G', text('Need6Speed', 'Mesh')],
  ['wifi.password6G', text('MilesDyson', 'MeshMesh')],
  ['wifi.bandsteering', flag],
  ['dhcp.enable', flag],
  ['dhcp.ipPoolStart', text('192.168.0.100', '192.168.0.110')],
  ['dhcp.ipPoolEnd', text('192.168.0.200', '192.168.0.190')],
  ['dhcp.leaseTime', { stored: 10, wish: 11 }],
  ['dhcp.primaryDnsServer', text('8.8.8.8', '1.1.1.1')],
  ['dhcp.reservedClients', { stored: [OLD_CLIENT], wish: [NEW_CLIENT] }],
]);
const PATHS = [...SAMPLES.keys()];
const NOT_CLEARABLE = ['name', 'macAddress'];
const CLEARABLE = PATHS.filter((path) => !NOT_CLEARABLE.includes(path));
const FLAGS = PATHS.filter((path) => SAMPLES.get(path) === flag);

/** What a field is after null: no boolean and no list is ever null. */
function clearedValue(path: string): unknown {
  if (FLAGS.includes(path)) return false;
  return path === 'dhcp.reservedClients' ? [] : null;
}

/** `{"wifi.ssid": "x"}` as the input that says so. */
function nested(values: Iterable<readonly [path: string, value: unknown]>): Record<string, unknown> {
  const top: Record<string, unknown> = {};
  const sections: Record<string, Record<string, unknown>> = {};
  for (const [path, value] of values) {
    const [section = '', field] = path.split('.');
    if (field === undefined) top[section] = value;
    else (sections[section] ??= {})[field] = value;
  }
  return { ...top, ...sections };
}

function leavesOf(answer: DeviceAnswer): Record<string, unknown> {
  const { wifi, dhcp, ...top } = settingsOf(answer);
  const inside = (section: string, values: object | null): [string, unknown][] =>
    Object.entries(values ?? {}).map(([field, value]) => [`${section}.${field}`, value]);
  return {
    ...top,
    ...Object.fromEntries([...inside('wifi', wifi), ...inside('dhcp', dhcp)]),
  };
}

/** The device before: what the samples say, but for some values. */
function deviceWith(others: Readonly<Record<string, unknown>> = {}): DeviceWishes {
  const stored = [...SAMPLES].map(([path, sample]): [string, unknown] => [path, sample.stored]);
  return nested([...stored, ...Object.entries(others)].filter(([path]) => path !== 'macAddress'));
}

describe('updateNetworkDevice: absent leaves, null clears, a value sets, field by field', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  it('is tried here with every field of the schema, and with no other', async () => {
    expect(await inputPaths(gateway, 'DeviceUpdateInput')).toEqual([...PATHS, ...OF_ENTRIES]);
    const answer = await read(gateway, await createDevice(gateway, deviceWith()));
    expect(Object.keys(leavesOf(answer)).sort()).toEqual([...PATHS].sort());
  });

  it.each(PATHS)('leaves %s when it is absent and everything else is set', async (path) => {
    const kept = FLAGS.includes(path) ? true : SAMPLES.get(path)?.stored;
    const device = await createDevice(gateway, deviceWith({ [path]: kept }));
    const others = [...SAMPLES]
      .filter(([other]) => other !== path && other !== 'wifi.bandsteering')
      .map(([other, { wish }]): [string, unknown] => [other, other === 'macAddress' ? newMac() : wish]);
    const input = nested(others);
    const before = leavesOf(await read(gateway, device));
    const after = leavesOf(await updated(gateway, device, input));
    expect(after).toEqual({ ...before, ...Object.fromEntries(others) });
    expect(after[path]).toEqual(before[path]);
    expect(leavesOf(await read(gateway, device))).toEqual(after);
  });

  it.each(CLEARABLE)('clears %s with null, and nothing else', async (path) => {
    const wishes = FLAGS.includes(path) ? deviceWith({ [path]: true }) : deviceWith();
    const device = await createDevice(gateway, wishes);
    const before = leavesOf(await read(gateway, device));
    const answer = await updated(gateway, device, nested([[path, null]]));
    expect(before[path]).not.toEqual(clearedValue(path));
    expect(leavesOf(answer)).toEqual({ ...before, [path]: clearedValue(path) });
    expect(answer.version).toBe(2);
    expect(leavesOf(await read(gateway, device))).toEqual(leavesOf(answer));
  });

  it.each(NOT_CLEARABLE)('refuses to clear %s', async (path) => {
    await expectRefused(gateway, await createDevice(gateway), { [path]: null }, [path]);
  });

  it.each(PATHS)('sets %s to a value, and nothing else', async (path) => {
    const device = await createDevice(gateway, deviceWith());
    const wish = SAMPLES.get(path)?.wish;
    const before = leavesOf(await read(gateway, device));
    const answer = await updated(gateway, device, nested([[path, wish]]));
    expect(before[path]).not.toEqual(wish);
    expect(leavesOf(answer)).toEqual({ ...before, [path]: wish });
    expect(answer.version).toBe(2);
    expect(leavesOf(await read(gateway, device))).toEqual(leavesOf(answer));
  });

  it('clears everything that can be cleared in one update', async () => {
    const device = await createDevice(gateway, deviceWith());
    const before = leavesOf(await read(gateway, device));
    const answer = await updated(gateway, device, nested(CLEARABLE.map((path) => [path, null])));
    const cleared = Object.fromEntries(CLEARABLE.map((path) => [path, clearedValue(path)]));
    expect(leavesOf(answer)).toEqual({ ...before, ...cleared });
  });

  const sections = ['wifi', 'dhcp'] as const;
  const defaultsOf = (section: string): Input => {
    const fields = PATHS.filter((path) => path.startsWith(`${section}.`));
    return Object.fromEntries(fields.map((path) => [path.replace(`${section}.`, ''), clearedValue(path)]));
  };

  it.each(sections)('drops the whole section %s with null, and nothing else', async (section) => {
    const device = await createDevice(gateway, deviceWith());
    const before = await read(gateway, device);
    const { updatedAt: _, ...answer } = await updated(gateway, device, { [section]: null });
    const { updatedAt: __, state: ___, jobs: ____, ...kept } = before;
    expect(answer).toMatchObject({ ...kept, [section]: null, version: 2 });
    expect((await read(gateway, device))[section]).toBeNull();
  });

  it.each(sections)('creates a section %s that was null from an empty object', async (section) => {
    const device = await createDevice(gateway, { ...deviceWith(), [section]: null });
    const answer = await updated(gateway, device, { [section]: {} });
    expect(answer).toMatchObject({ version: 2, [section]: defaultsOf(section) });
    expect((await read(gateway, device))[section]).toEqual(defaultsOf(section));
  });

  it.each(CLEARABLE.filter((path) => path.includes('.')))(
    'creates a section that was null from %s alone, the rest being defaults',
    async (path) => {
      const [section = '', field = ''] = path.split('.');
      const wish = FLAGS.includes(path) && path !== 'wifi.bandsteering' ? false : SAMPLES.get(path)?.wish;
      const device = await createDevice(gateway, { ...deviceWith(), [section]: null });
      const answer = await updated(gateway, device, nested([[path, wish]]));
      expect(answer).toMatchObject({ version: 2, [section]: { ...defaultsOf(section), [field]: wish } });
    },
  );

  it.each(sections)('changes nothing with null for a section %s that is null', async (section) => {
    const device = await createDevice(gateway, { ...deviceWith(), [section]: null });
    const before = await read(gateway, device);
    expect(await updated(gateway, device, { [section]: null })).toEqual(before);
    expect(await read(gateway, device)).toEqual(before);
  });

  it.each(sections)('leaves a section %s that is null when it is absent', async (section) => {
    const device = await createDevice(gateway, { ...deviceWith(), [section]: null });
    const answer = await updated(gateway, device, { name: 'Renamed' });
    expect(answer).toMatchObject({ name: 'Renamed', [section]: null });
  });

  it('sets every field that the schema knows of a reservation', async () => {
    expect(await inputPaths(gateway, 'ReservedClientInput')).toEqual(Object.keys(NEW_CLIENT));
  });
});
