import fc from 'fast-check';
import type { DeviceSettings } from '../../src/domain/device.js';
import type { DevicePatch, ReservedClientPatch } from '../../src/domain/device-patch.js';
import type { DeviceFacts } from '../../src/domain/device-rules.js';
import type { DhcpSettings, ReservedClient } from '../../src/domain/dhcp.js';
import { normalName } from '../../src/domain/name.js';
import type { WifiSettings } from '../../src/domain/wifi.js';

/** A device that can do everything, in the middle of 10.0.0.0/16, so that pools lie below it and above. */
export const FACTS: DeviceFacts = {
  model: { capabilities: { wifi: true, wifi2G: true, wifi5G: true, wifi6G: true, simSupport: true } },
  status: { lanIp: '10.0.4.0', subnetMask: '255.255.0.0' },
};

// As objects are in the product; fast-check would also make some without a prototype.
const PLAIN = { noNullPrototype: true } as const;
const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const oneOf = (letters: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(letters));
const hex = oneOf('0123456789abcdef');
const ascii = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code));
const letter = oneOf('aZ09 -_øße\u0301中\u{1F680}');
const text = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: letter, minLength: min, maxLength: max });
const host = (min: number, max: number): fc.Arbitrary<string> =>
  fc.integer({ min, max }).map((number) => `10.0.${Math.floor(number / 256)}.${number % 256}`);

const mac = fc
  .string({ unit: hex, minLength: 10, maxLength: 10 })
  .chain((rest) => fc.constantFrom('02', '12', 'fe').map((first) => first + rest));
// Few, so that patches often meet a client that is there already.
const clientMac = fc.integer({ min: 0, max: 5 }).map((number) => `aaaaaaaaaa0${number}`);

const name = text(1, 100).map((wish) => normalName(wish) || 'x');
const notes = fc.string({ unit: fc.oneof(letter, fc.constantFrom('\n', '\r', '\t')), maxLength: 200 });
const serialNumber = fc
  .string({ unit: ascii, minLength: 1, maxLength: 64 })
  .map((wish) => wish.trim() || 'S');
const id = fc.string({ unit: hex, minLength: 24, maxLength: 24 });
const ssid = text(1, 8);
const password = fc.string({ unit: ascii, minLength: 8, maxLength: 63 });
const key = fc.string({ unit: fc.oneof(hex, oneOf('ABCDEF')), minLength: 64, maxLength: 64 });

const client: fc.Arbitrary<ReservedClient> = fc.record(
  {
    mac: clientMac,
    ip: host(2, 40),
    enable: fc.boolean(),
    id: orNull(text(0, 64)),
  },
  PLAIN,
);
const clients = fc
  .uniqueArray(client, { maxLength: 5, selector: ({ mac }) => mac })
  .map((list) =>
    list.filter(
      (one, index) => !one.enable || list.findIndex((other) => other.enable && other.ip === one.ip) === index,
    ),
  );

const freeWifi: fc.Arbitrary<WifiSettings> = fc.record(
  {
    enabled: fc.boolean(),
    ssid: orNull(ssid),
    password: orNull(fc.oneof(password, key)),
    enabled5G: fc.boolean(),
    ssid5G: orNull(ssid),
    password5G: orNull(fc.oneof(password, key)),
    enabled6G: fc.boolean(),
    ssid6G: orNull(ssid),
    password6G: orNull(password),
    bandsteering: fc.boolean(),
  },
  PLAIN,
);

/** Every value is good by itself; switched on is only what then is good together. */
const goodWifi: fc.Arbitrary<WifiSettings> = fc
  .tuple(freeWifi, fc.boolean())
  .map(([wifi, shallAgree]) => (shallAgree ? agreeing(wifi) : wifi))
  .map((wifi) => ({
    ...wifi,
    enabled: wifi.enabled && wifi.ssid !== null,
    enabled5G: wifi.enabled5G && wifi.ssid5G !== null,
    enabled6G: wifi.enabled6G && wifi.ssid6G !== null && wifi.password6G !== null,
  }))
  .map((wifi) => ({ ...wifi, bandsteering: wifi.bandsteering && areEnabledBandsAlike(wifi) }));

function agreeing(wifi: WifiSettings): WifiSettings {
  const { ssid6G, password6G } = wifi;
  return { ...wifi, ssid: ssid6G, ssid5G: ssid6G, password: password6G, password5G: password6G };
}

function areEnabledBandsAlike(wifi: WifiSettings): boolean {
  const bands = [
    ...(wifi.enabled ? [JSON.stringify([wifi.ssid, wifi.password])] : []),
    ...(wifi.enabled5G ? [JSON.stringify([wifi.ssid5G, wifi.password5G])] : []),
    ...(wifi.enabled6G ? [JSON.stringify([wifi.ssid6G, wifi.password6G])] : []),
  ];
  return new Set(bands).size <= 1;
}

/** A pool, or one end of it, below or above the device's own address. */
const pool = fc
  .constantFrom([2, 500, 1023], [1025, 2000, 0xfffe])
  .chain(([first = 2, middle = 500, last = 1023]) =>
    fc.record({ ipPoolStart: orNull(host(first, middle)), ipPoolEnd: orNull(host(middle, last)) }, PLAIN),
  );

const goodDhcp: fc.Arbitrary<DhcpSettings> = fc
  .record(
    {
      enable: fc.boolean(),
      pool,
      leaseTime: orNull(fc.integer({ min: 1, max: 525_600 })),
      primaryDnsServer: orNull(fc.ipV4()),
      reservedClients: clients,
    },
    PLAIN,
  )
  .map(({ pool, ...dhcp }) => {
    const hasAll = pool.ipPoolStart !== null && pool.ipPoolEnd !== null && dhcp.leaseTime !== null;
    return { ...dhcp, ...pool, enable: dhcp.enable && hasAll };
  });

/** Settings that break no rule on a device with these `FACTS`. */
export const goodSettings: fc.Arbitrary<DeviceSettings> = fc.record(
  {
    name,
    notes: orNull(notes),
    macAddress: mac,
    serialNumber: orNull(serialNumber),
    mvnoAccount: orNull(id),
    wifi: orNull(goodWifi),
    dhcp: orNull(goodDhcp),
  },
  PLAIN,
);

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 120 }),
  fc.constantFrom('', '\ud800', '\u0000', 'x'),
);
const anyAddress = fc.oneof(host(0, 0xffff), fc.ipV4(), anyText);
const anyClient: fc.Arbitrary<ReservedClient> = fc.record(
  {
    mac: fc.oneof(clientMac, mac, anyText),
    ip: fc.oneof(host(0, 12), anyAddress),
    enable: fc.boolean(),
    id: orNull(anyText),
  },
  PLAIN,
);

/** Settings of the right types that may break any rule. */
export const anySettings: fc.Arbitrary<DeviceSettings> = fc.record(
  {
    name: anyText,
    notes: orNull(anyText),
    macAddress: fc.oneof(mac, anyText),
    serialNumber: orNull(anyText),
    mvnoAccount: orNull(fc.oneof(id, anyText)),
    wifi: orNull(
      fc.record(
        {
          enabled: fc.boolean(),
          ssid: orNull(anyText),
          password: orNull(anyText),
          enabled5G: fc.boolean(),
          ssid5G: orNull(anyText),
          password5G: orNull(anyText),
          enabled6G: fc.boolean(),
          ssid6G: orNull(anyText),
          password6G: orNull(anyText),
          bandsteering: fc.boolean(),
        },
        PLAIN,
      ),
    ),
    dhcp: orNull(
      fc.record(
        {
          enable: fc.boolean(),
          ipPoolStart: orNull(anyAddress),
          ipPoolEnd: orNull(anyAddress),
          leaseTime: orNull(fc.integer()),
          primaryDnsServer: orNull(anyAddress),
          reservedClients: fc.array(anyClient, { maxLength: 6 }),
        },
        PLAIN,
      ),
    ),
  },
  PLAIN,
);

/** A MAC address in one of its notations. */
const notation = (digits: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(digits, fc.constantFrom('', ':', '-', '.'), fc.boolean())
    .map(([plain, separator, isUpper]) =>
      plain.replaceAll(/(..)(?=.)/g, `$1${separator}`)[isUpper ? 'toUpperCase' : 'toLowerCase'](),
    );

const clientPatch: fc.Arbitrary<ReservedClientPatch> = fc.record(
  { mac: notation(clientMac), ip: host(1, 40), enable: fc.boolean(), id: orNull(text(0, 64)) },
  { requiredKeys: ['mac', 'ip', 'enable'], ...PLAIN },
);

/** Patches in which every value is absent, null or set; name and MAC address, which nothing clears, are not null. */
export const anyPatch: fc.Arbitrary<DevicePatch> = fc.record(
  {
    name: fc.oneof(name, text(0, 110)),
    notes: orNull(fc.oneof(notes, anyText)),
    macAddress: notation(mac),
    serialNumber: orNull(fc.oneof(serialNumber, text(0, 70))),
    mvnoAccount: orNull(
      fc.oneof(
        id,
        id.map((digits) => digits.toUpperCase()),
      ),
    ),
    wifi: orNull(
      fc.record(
        {
          enabled: orNull(fc.boolean()),
          ssid: orNull(fc.oneof(ssid, anyText)),
          password: orNull(fc.oneof(password, anyText)),
          enabled5G: orNull(fc.boolean()),
          ssid5G: orNull(fc.oneof(ssid, anyText)),
          password5G: orNull(fc.oneof(password, anyText)),
          enabled6G: orNull(fc.boolean()),
          ssid6G: orNull(fc.oneof(ssid, anyText)),
          password6G: orNull(fc.oneof(password, anyText)),
          bandsteering: orNull(fc.boolean()),
        },
        { requiredKeys: [], ...PLAIN },
      ),
    ),
    dhcp: orNull(
      fc.record(
        {
          enable: orNull(fc.boolean()),
          ipPoolStart: orNull(anyAddress),
          ipPoolEnd: orNull(anyAddress),
          leaseTime: orNull(fc.integer({ min: -1, max: 600_000 })),
          primaryDnsServer: orNull(anyAddress),
          reservedClients: orNull(fc.array(clientPatch, { maxLength: 6 })),
        },
        { requiredKeys: [], ...PLAIN },
      ),
    ),
  },
  { requiredKeys: [], ...PLAIN },
);
