import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { size } from '../../support/sizes.js';
import { DNSMASQ, HOSTAPD, isRoot, readByHostapd } from './parts.js';

type FilesOf = (order: unknown, router: unknown) => Record<string, string>;

const { filesOf, Refusal } = z
  .object({
    filesOf: z.custom<FilesOf>((value) => typeof value === 'function'),
    Refusal: z.custom<new () => Error>((value) => typeof value === 'function'),
  })
  .parse(await import(new URL('../../../examples/router/configuration.mjs', import.meta.url).href));

const ROUTER = {
  lan: { interface: 'lan', ip: '192.168.0.1', prefix: 24 },
  radios: ['wlan0', 'wlan1', 'wlan2'],
  wifiDriver: 'none',
  wifiCountry: '',
};

const RESERVATION = { mac: '020000000063', ip: '192.168.0.20', enable: true, id: 'r8jf84fv' };
const DHCP = {
  enable: true,
  ipPoolStart: '192.168.0.100',
  ipPoolEnd: '192.168.0.110',
  leaseTime: 10,
  primaryDnsServer: '9.9.9.9',
  reservedClients: [RESERVATION, { ...RESERVATION, mac: '020000000064', enable: false, id: null }],
};
const WIFI = {
  ...{ enabled: true, ssid: 'SkyNet', password: 'JohnConner' },
  ...{ enabled5G: true, ssid5G: 'SkyNet', password5G: 'JohnConner' },
  ...{ enabled6G: true, ssid6G: 'SkyNet', password6G: 'JohnConner' },
  bandsteering: true,
};

/** The files, or undefined when the router refuses the settings; whatever else is thrown is a failure. */
function filesOrRefusal(order: unknown): Record<string, string> | undefined {
  try {
    return filesOf(order, ROUTER);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const reasonOf = (order: unknown) => () => filesOf(order, ROUTER);

/** What tries to be more than a value: whatever comes, and what would begin another directive, word, option or path. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      fc.constantFrom('192.168.0.20', '020000000063', 'SkyNet', '12345678', ''),
      fc.constantFrom('\n', '\r\n', '\r', '\0', ',', ' ', '|', '"\n', "'", '/../', '\u2028', '%0a', '\\n'),
      fc.constantFrom(
        'no-such-directive=1',
        'dhcp-script=/bin/sh',
        'conf-file=/etc/passwd',
        'id=x',
        '$(reboot)',
      ),
    )
    .map((parts) => parts.join('')),
);

const isMissing = !existsSync(DNSMASQ) || !existsSync(HOSTAPD);

describe.skipIf(isMissing && !isRoot)(
  'no text of an order becomes another directive (needs dnsmasq and hostapd, skipped without them)',
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'device gateway router '));
    });
    afterAll(async () => {
      await rm(folder, { recursive: true });
    });

    /** dnsmasq's own word on a file. */
    async function testedByDnsmasq(text: string): Promise<string> {
      const file = join(folder, 'dnsmasq.conf');
      await writeFile(file, text);
      return spawnSync(DNSMASQ, ['--test', `--conf-file=${file}`], { encoding: 'utf8' }).stderr.trim();
    }

    it('of DHCP, read by dnsmasq', async () => {
      const section = fc
        .tuple(
          fc.constantFrom('ipPoolStart', 'ipPoolEnd', 'leaseTime', 'primaryDnsServer', 'mac', 'ip', 'id'),
          hostile,
        )
        .map(([field, text]) => {
          const isOfReservation = ['mac', 'ip', 'id'].includes(field);
          const reservation = { ...RESERVATION, ...(isOfReservation && { [field]: text }) };
          return { ...DHCP, ...(!isOfReservation && { [field]: text }), reservedClients: [reservation] };
        });
      await fc.assert(
        fc.asyncProperty(section, async (dhcp) => {
          const text = filesOrRefusal({ wifi: null, dhcp })?.['dnsmasq.conf'];
          if (text === undefined) return;
          expect(text).toMatch(
            /^dhcp-range=[\d.]+,[\d.]+,[\d.]+,10m\ndhcp-option=option:dns-server,[\d.]+\ndhcp-host=[\da-f:]+,[\d.]+\n$/,
          );
          expect(await testedByDnsmasq(text)).toMatch(/syntax check OK|inconsistent DHCP range/);
        }),
        { numRuns: size(1_000, 200) },
      );
    });

    it('of WiFi, read by hostapd, which has every SSID and passphrase as it was set', async () => {
      const passphrase = fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 63 });
      const ssid = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), hostile);
      await fc.assert(
        fc.asyncProperty(ssid, fc.oneof(passphrase, hostile), async (name, password) => {
          const wifi = {
            ...WIFI,
            ssid: name,
            password,
            enabled5G: false,
            ssid6G: name,
            password6G: password,
          };
          const files = filesOrRefusal({ wifi, dhcp: null });
          const isTaken =
            Buffer.byteLength(name) <= 32 && name !== '' && /^[\x20-\x7e]{8,63}$/.test(password);
          expect(files !== undefined).toBe(isTaken);
          for (const band of files === undefined ? [] : ['2g', '6g']) {
            const file = join(folder, 'hostapd.conf');
            await writeFile(file, files?.[`hostapd-${band}.conf`] ?? '');
            const saePassword = band === '6g' ? password : undefined;
            expect(await readByHostapd(file)).toEqual({ ssid: name, passphrase: password, saePassword });
          }
        }),
        {
          numRuns: size(150, 50),
          examples: [
            ['"', '12345678|id=x'],
            ['"#"', '12345678|mac=02:00:00:00:00:63|pk=x:y'],
            ['\nssid=other', ' "12345678" '],
          ],
        },
      );
    });
  },
);

describe('settings become files', () => {
  it('of DHCP: the pool, the lease time, the DNS server, the enabled reservations', () => {
    expect(filesOf({ wifi: null, dhcp: DHCP }, ROUTER)).toEqual({
      'dnsmasq.conf': [
        'dhcp-range=192.168.0.100,192.168.0.110,255.255.255.0,10m',
        'dhcp-option=option:dns-server,9.9.9.9',
        'dhcp-host=02:00:00:00:00:63,192.168.0.20',
        '',
      ].join('\n'),
    });
    for (const dhcp of [null, { ...DHCP, enable: false }]) {
      expect(filesOf({ wifi: null, dhcp }, ROUTER)).toEqual({ 'dnsmasq.conf': '' });
    }
  });

  it('of WiFi: one a band, WPA3 alone on 6 GHz, and no more than a raw key or an open network allow', () => {
    const files = filesOf({ wifi: WIFI, dhcp: null }, ROUTER);
    expect(files['hostapd-2g.conf']).toContain('\nwpa_key_mgmt=WPA-PSK SAE\nieee80211w=1\n');
    expect(files['hostapd-6g.conf']).toContain('\nwpa_key_mgmt=SAE\nieee80211w=2\n');
    const password = 'AB'.repeat(32);
    const others = filesOf(
      { wifi: { ...WIFI, password, password5G: null, enabled6G: false }, dhcp: null },
      ROUTER,
    );
    expect(Object.keys(others)).toEqual(['dnsmasq.conf', 'hostapd-2g.conf', 'hostapd-5g.conf']);
    expect(others['hostapd-2g.conf']).toContain(`\nwpa_psk=${password}\nwpa_key_mgmt=WPA-PSK\n`);
    expect(others['hostapd-5g.conf']).not.toMatch(/wpa|sae/);
  });

  it('of band steering: neighbours on every band, and silence on 2.4 GHz to those that are heard on 5 GHz', () => {
    const files = filesOf({ wifi: WIFI, dhcp: null }, ROUTER);
    for (const band of ['2g', '5g', '6g'])
      expect(files[`hostapd-${band}.conf`]).toContain('\nbss_transition=1\n');
    expect(files['hostapd-2g.conf']).toContain('\nno_probe_resp_if_seen_on=wlan1\n');
    expect(files['hostapd-5g.conf']).toContain('\ntrack_sta_max_num=100\n');
    const apart = filesOf({ wifi: { ...WIFI, bandsteering: false }, dhcp: null }, ROUTER);
    expect(apart['hostapd-2g.conf']).not.toMatch(/bss_transition|seen_on/);
  });

  it('or are refused, with a reason that names the field and repeats no password', () => {
    const dhcp = (changes: object): unknown => ({ wifi: null, dhcp: { ...DHCP, ...changes } });
    const wifi = (changes: object): unknown => ({ wifi: { ...WIFI, ...changes }, dhcp: null });
    const reserved = (ip: string): unknown => dhcp({ reservedClients: [{ ...RESERVATION, ip }] });
    expect(reasonOf(dhcp({ leaseTime: 1 }))).toThrow(
      'dhcp.leaseTime: this router leases addresses for 2 minutes or longer.',
    );
    expect(reasonOf(dhcp({ ipPoolStart: '10.0.0.1', ipPoolEnd: '10.0.0.9' }))).toThrow(
      'dhcp.ipPoolStart: 10.0.0.1 is not in the LAN of this router, 192.168.0.1/24.',
    );
    expect(reasonOf(reserved('192.168.1.20'))).toThrow(
      'dhcp.reservedClients[0].ip: 192.168.1.20 is not in the LAN',
    );
    expect(reasonOf(reserved('192.168.0.1'))).toThrow('192.168.0.1 is the address of this router.');
    expect(reasonOf(wifi({ password6G: '0'.repeat(64) }))).toThrow(
      'wifi.password6G: 6 GHz is WPA3, which needs a passphrase of 8 to 63 characters.',
    );
    expect(reasonOf(wifi({ password6G: null }))).toThrow('wifi.password6G: 6 GHz is WPA3');
    expect(reasonOf(wifi({ password: 'secret\n' }))).toThrow(/^(?!.*secret)wifi\.password: neither/);
    expect(() => filesOf(wifi({}), { ...ROUTER, radios: ['wlan0', 'wlan1'] })).toThrow(
      'wifi.enabled6G: this router has no radio for 6 GHz.',
    );
  });
});

it('the README of the router names each of its settings', async () => {
  const read = async (name: string): Promise<string> =>
    await readFile(new URL(`../../../examples/router/${name}`, import.meta.url), 'utf8');
  const [, settings = ''] = /^const settings = \{\n(.*?)^\};/ms.exec(await read('router.mjs')) ?? [];
  const rows = (await read('README.md')).split('## On a router')[1] ?? '';
  const named = [...rows.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, names = '']) => names.split(', '));
  expect(named.toSorted()).toEqual(
    [...settings.matchAll(/^ {2}(\w+): /gm)].map(([, name = '']) => `\`${name}\``).toSorted(),
  );
});
