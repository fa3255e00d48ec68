import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevice, type DeviceWishes } from '../../support/fleet.js';
import { sharedGateway, type TestGateway } from '../../support/gateway.js';
import { byRule, expectAccepted, expectRefused } from './update.js';

const HEX_64 = '0123456789abcdefABCDEF0123456789'.repeat(2);
const BANDS = ['', '5G', '6G'] as const;

const ALL_OFF: DeviceWishes = { wifi: { enabled: false, enabled5G: false, enabled6G: false } };
const ALIKE = {
  ssid5G: 'SkyNet',
  password5G: 'JohnConner',
  ssid6G: 'SkyNet',
  password6G: 'JohnConner',
};
const STEERING: DeviceWishes = { wifi: { ...ALIKE, bandsteering: true } };

describe('updateNetworkDevice never stores WiFi settings that break a rule', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await sharedGateway();
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const ssids = [
    { rule: 'the empty text', ssid: '' },
    { rule: '33 bytes', ssid: 'x'.repeat(33) },
    { rule: '17 characters of 33 bytes', ssid: `${'ø'.repeat(16)}x` },
    { rule: '9 emoji of 36 bytes', ssid: '\u{1F680}'.repeat(9) },
    { rule: 'NUL', ssid: 'Sky\u0000Net' },
    { rule: 'a line break', ssid: 'Sky\nNet' },
    { rule: 'a tab', ssid: 'Sky\tNet' },
    { rule: 'half a surrogate pair', ssid: 'Sky\ud800Net' },
  ];
  const badSsids = BANDS.flatMap((band) =>
    ssids.map(({ rule, ssid }) => ({ rule: `${rule} as ssid${band}`, field: `ssid${band}`, ssid })),
  );
  it.each(byRule(badSsids))('refuses %s', async (_, { field, ssid }) => {
    const input = { wifi: { [field]: ssid } };
    await expectRefused(gateway, await createDevice(gateway), input, [`wifi.${field}`]);
  });

  const passwords = [
    { rule: 'the empty text', password: '' },
    { rule: '7 characters', password: 'x'.repeat(7) },
    { rule: '64 characters that are no hex digits', password: 'x'.repeat(64) },
    { rule: '64 characters, all but one hex digits', password: `${HEX_64.slice(1)}g` },
    { rule: '65 hex digits', password: `${HEX_64}0` },
    { rule: 'a letter that is not ASCII', password: 'JohnCønner' },
    { rule: 'an emoji', password: 'JohnConner\u{1F680}' },
    { rule: 'a line break', password: 'JohnConner\n' },
    { rule: 'NUL', password: 'John\u0000Conner' },
    { rule: 'DEL', password: 'John\u007fConner' },
    { rule: 'half a surrogate pair', password: 'John\ud800Conner' },
  ];
  const badPasswords = BANDS.flatMap((band) =>
    passwords.map(({ rule, password }) => ({
      rule: `${rule} as password${band}`,
      field: `password${band}`,
      password,
    })),
  );
  it.each(byRule(badPasswords))('refuses %s', async (_, { field, password }) => {
    const input = { wifi: { [field]: password } };
    await expectRefused(gateway, await createDevice(gateway), input, [`wifi.${field}`]);
  });

  it('refuses 64 hex digits as password6G: WPA3 knows no raw keys', async () => {
    const input = { wifi: { password6G: HEX_64 } };
    await expectRefused(gateway, await createDevice(gateway), input, ['wifi.password6G']);
  });

  const lacks2G: DeviceWishes = { ...ALL_OFF, capabilities: { wifi2G: false } };
  const lacks5G: DeviceWishes = { ...ALL_OFF, capabilities: { wifi5G: false } };
  const lacks6G: DeviceWishes = { ...ALL_OFF, capabilities: { wifi6G: false } };
  const lacksWifi: DeviceWishes = { ...ALL_OFF, capabilities: { wifi: false } };
  const band6G = { enabled6G: true, ssid6G: 'SkyNet', password6G: 'JohnConner' };
  const states: { rule: string; device?: DeviceWishes; wifi: Record<string, unknown>; at: string[] }[] = [
    { rule: 'an enabled 2.4 GHz band without SSID', wifi: { ssid: null }, at: ['ssid'] },
    { rule: 'an enabled 5 GHz band without SSID', wifi: { ssid5G: null }, at: ['ssid5G'] },
    { rule: '6 GHz enabled without SSID', wifi: { ...band6G, ssid6G: null }, at: ['ssid6G'] },
    { rule: '6 GHz enabled without password', wifi: { ...band6G, password6G: null }, at: ['password6G'] },
    { rule: '6 GHz enabled with neither', wifi: { enabled6G: true }, at: ['ssid6G', 'password6G'] },
    {
      rule: 'all bands enabled in a section that was null',
      device: { wifi: null },
      wifi: { enabled: true, enabled5G: true, enabled6G: true },
      at: ['ssid', 'ssid5G', 'ssid6G', 'password6G'],
    },
    { rule: '2.4 GHz on a model without', device: lacks2G, wifi: { enabled: true }, at: ['enabled'] },
    { rule: '5 GHz on a model without', device: lacks5G, wifi: { enabled5G: true }, at: ['enabled5G'] },
    { rule: '6 GHz on a model without', device: lacks6G, wifi: band6G, at: ['enabled6G'] },
    {
      rule: 'any band on a model without WiFi',
      device: lacksWifi,
      wifi: { ...band6G, enabled: true, enabled5G: true },
      at: ['enabled', 'enabled5G', 'enabled6G'],
    },
    { rule: 'band steering of bands that differ', wifi: { bandsteering: true }, at: ['bandsteering'] },
    {
      rule: 'band steering of bands with different passwords',
      wifi: { bandsteering: true, ssid5G: 'SkyNet' },
      at: ['bandsteering'],
    },
    {
      rule: 'band steering of bands with different SSIDs',
      wifi: { bandsteering: true, password5G: 'JohnConner' },
      at: ['bandsteering'],
    },
    {
      rule: 'band steering of an open band with one that is not',
      wifi: { bandsteering: true, ssid5G: 'SkyNet', password5G: null },
      at: ['bandsteering'],
    },
    {
      rule: 'band steering of bands whose passphrases differ by case alone',
      wifi: { bandsteering: true, ssid5G: 'SkyNet', password: 'abcdefabcdef', password5G: 'ABCDEFABCDEF' },
      at: ['bandsteering'],
    },
    {
      rule: 'another SSID on one of the steered bands',
      device: STEERING,
      wifi: { ssid: 'Other' },
      at: ['bandsteering'],
    },
    {
      rule: 'another password on one of the steered bands',
      device: STEERING,
      wifi: { password5G: 'SarahConner' },
      at: ['bandsteering'],
    },
    {
      rule: 'a third band that differs beside steered ones',
      device: STEERING,
      wifi: { ...band6G, ssid6G: 'Other' },
      at: ['bandsteering'],
    },
  ];
  it.each(byRule(states))('refuses %s', async (_, { device, wifi, at }) => {
    const paths = at.map((field) => `wifi.${field}`);
    await expectRefused(gateway, await createDevice(gateway, device), { wifi }, paths);
  });

  const good: { rule: string; device?: DeviceWishes; wifi: Record<string, unknown> | null }[] = [
    ...BANDS.flatMap((band) => [
      { rule: `an ssid${band} of 1 byte`, wifi: { [`ssid${band}`]: 'x' } },
      { rule: `an ssid${band} that is a blank`, wifi: { [`ssid${band}`]: ' ' } },
      { rule: `an ssid${band} of 32 bytes`, wifi: { [`ssid${band}`]: 'x'.repeat(32) } },
      { rule: `an ssid${band} of 16 characters, 32 bytes`, wifi: { [`ssid${band}`]: 'ø'.repeat(16) } },
      { rule: `an ssid${band} of 8 emoji, 32 bytes`, wifi: { [`ssid${band}`]: '\u{1F680}'.repeat(8) } },
      { rule: `a password${band} of 8 characters`, wifi: { [`password${band}`]: 'x'.repeat(8) } },
      { rule: `a password${band} of 63 characters`, wifi: { [`password${band}`]: 'x'.repeat(63) } },
      { rule: `a password${band} with blank and tilde`, wifi: { [`password${band}`]: ' "\\{}~ <>&' } },
    ]),
    { rule: '64 hex digits as password', wifi: { password: HEX_64 } },
    { rule: '64 hex digits as password5G', wifi: { password5G: HEX_64 } },
    { rule: 'an open 2.4 GHz band', wifi: { password: null } },
    { rule: 'an open 5 GHz band', wifi: { password5G: null } },
    { rule: 'a disabled band without SSID', wifi: { enabled: false, ssid: null } },
    { rule: 'a disabled 6 GHz band with an SSID alone', wifi: { ssid6G: 'SkyNet' } },
    { rule: '6 GHz enabled with all it needs', wifi: band6G },
    { rule: 'SSID and password of a band that the model lacks', device: lacks6G, wifi: ALIKE },
    { rule: 'a model without WiFi that loses its section', device: lacksWifi, wifi: null },
    { rule: 'band steering of bands that are alike', wifi: { ...ALIKE, bandsteering: true } },
    {
      rule: 'band steering of bands with one raw key in two spellings',
      wifi: {
        bandsteering: true,
        ssid5G: 'SkyNet',
        password: HEX_64.toUpperCase(),
        password5G: HEX_64.toLowerCase(),
      },
    },
    { rule: 'band steering of one band', wifi: { enabled5G: false, bandsteering: true } },
    { rule: 'band steering of no band', device: ALL_OFF, wifi: { bandsteering: true } },
    { rule: 'a disabled band that differs beside steered ones', device: STEERING, wifi: { ssid6G: 'Other' } },
    {
      rule: 'steered bands that all change alike',
      device: STEERING,
      wifi: { ssid: 'Mesh', password: 'MeshMesh', ssid5G: 'Mesh', password5G: 'MeshMesh' },
    },
    {
      rule: 'steered bands that are open alike',
      device: STEERING,
      wifi: { password: null, password5G: null },
    },
    {
      rule: 'the end of steering and another SSID',
      device: STEERING,
      wifi: { bandsteering: false, ssid: 'x' },
    },
  ];
  it.each(byRule(good))('accepts %s', async (_, { device, wifi }) => {
    const answer = await expectAccepted(gateway, await createDevice(gateway, device), { wifi });
    if (wifi === null) expect(answer.wifi).toBeNull();
    else expect(answer.wifi).toMatchObject(wifi);
  });
});
