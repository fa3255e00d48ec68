import type { DeviceCapabilities } from './device-model.js';
import { type RuleViolation, violation } from './violation.js';
import { byKind } from './section-fields.js';
import { isCleanLine, utf8Bytes } from './text.js';

/** The WiFi section of a device, in the page's names and order. `Secret` is how passwords are held. */
export interface WifiSettings<Secret = string> {
  readonly enabled: boolean;
  readonly ssid: string | null;
  readonly password: Secret | null;
  readonly enabled5G: boolean;
  readonly ssid5G: string | null;
  readonly password5G: Secret | null;
  readonly enabled6G: boolean;
  readonly ssid6G: string | null;
  readonly password6G: Secret | null;
  readonly bandsteering: boolean;
}

/** What each field holds, in the page's order. */
export const WIFI_FIELDS = {
  enabled: 'flag',
  ssid: 'text',
  password: 'text',
  enabled5G: 'flag',
  ssid5G: 'text',
  password5G: 'text',
  enabled6G: 'flag',
  ssid6G: 'text',
  password6G: 'text',
  bandsteering: 'flag',
} as const satisfies Record<keyof WifiSettings, string>;

/** What a section that was null starts from, and what a field that is set to null becomes. */
export const WIFI_DEFAULTS: WifiSettings = byKind(WIFI_FIELDS, { flag: false, text: null });

interface Band {
  readonly enabled: 'enabled' | 'enabled5G' | 'enabled6G';
  readonly ssid: 'ssid' | 'ssid5G' | 'ssid6G';
  readonly password: WifiPasswordField;
  readonly capability: 'wifi2G' | 'wifi5G' | 'wifi6G';
  readonly label: string;
}

/** The fields of the WiFi section that hold a password. */
export const WIFI_PASSWORD_FIELDS = ['password', 'password5G', 'password6G'] as const;

export type WifiPasswordField = (typeof WIFI_PASSWORD_FIELDS)[number];

const BANDS: readonly Band[] = [
  { enabled: 'enabled', ssid: 'ssid', password: 'password', capability: 'wifi2G', label: '2.4 GHz' },
  { enabled: 'enabled5G', ssid: 'ssid5G', password: 'password5G', capability: 'wifi5G', label: '5 GHz' },
  { enabled: 'enabled6G', ssid: 'ssid6G', password: 'password6G', capability: 'wifi6G', label: '6 GHz' },
];

/** Every rule that WiFi settings break on a device with these capabilities. */
export function wifiViolations(wifi: WifiSettings, capabilities: DeviceCapabilities): RuleViolation[] {
  return [
    ...BANDS.flatMap((band) => bandViolations(wifi, band, capabilities)),
    ...bandsteeringViolations(wifi),
  ];
}

function bandViolations(wifi: WifiSettings, band: Band, capabilities: DeviceCapabilities): RuleViolation[] {
  const violations: RuleViolation[] = [];
  const isEnabled = wifi[band.enabled];
  const ssid = wifi[band.ssid];
  const password = wifi[band.password];
  if (isEnabled && !(capabilities.wifi && capabilities[band.capability])) {
    violations.push(violation(`wifi.${band.enabled}`, `This device model has no WiFi on ${band.label}.`));
  }
  if (ssid === null) {
    if (isEnabled) {
      const message = `An enabled ${band.label} band needs an SSID.`;
      violations.push(violation(`wifi.${band.ssid}`, message, [`wifi.${band.enabled}`]));
    }
  } else if (!isSsid(ssid)) {
    const message = 'An SSID has 1 to 32 bytes of UTF-8 and no control characters.';
    violations.push(violation(`wifi.${band.ssid}`, message));
  }
  if (password === null) {
    // WPA3 is mandatory on 6 GHz: there is no open network to fall back to.
    if (isEnabled && band.password === 'password6G') {
      const message = 'An enabled 6 GHz band needs a password.';
      violations.push(violation('wifi.password6G', message, [`wifi.${band.enabled}`]));
    }
  } else if (!isWifiPassword(password, band)) {
    violations.push(violation(`wifi.${band.password}`, passwordRule(band)));
  }
  return violations;
}

function isSsid(ssid: string): boolean {
  const bytes = utf8Bytes(ssid);
  return bytes >= 1 && bytes <= 32 && isCleanLine(ssid);
}

const RAW_KEY = /^[0-9a-f]{64}$/i;

function isWifiPassword(password: string, band: Band): boolean {
  if (/^[\x20-\x7e]{8,63}$/.test(password)) return true;
  return band.password !== 'password6G' && RAW_KEY.test(password);
}

/** What a password means: of a passphrase each letter counts, of a raw key in hex digits their value. */
function keyOf(password: string | null): string | null {
  return password !== null && RAW_KEY.test(password) ? password.toLowerCase() : password;
}

function passwordRule(band: Band): string {
  const passphrase = 'A WiFi password has 8 to 63 printable ASCII characters';
  return band.password === 'password6G' ? `${passphrase}.` : `${passphrase}, or 64 hex digits.`;
}

/** "All bands have same SSID and clients will move freely between bands" (the page, wifi.bandsteering). */
function bandsteeringViolations(wifi: WifiSettings): RuleViolation[] {
  if (!wifi.bandsteering) return [];
  const enabled = BANDS.filter((band) => wifi[band.enabled]);
  const [first, ...others] = enabled;
  if (first === undefined) return [];
  const areAlike = others.every(
    (band) =>
      wifi[band.ssid] === wifi[first.ssid] && keyOf(wifi[band.password]) === keyOf(wifi[first.password]),
  );
  if (areAlike) return [];
  const looksAt = BANDS.flatMap((band) => [`wifi.${band.enabled}`]).concat(
    enabled.flatMap((band) => [`wifi.${band.ssid}`, `wifi.${band.password}`]),
  );
  const message = 'Band steering needs the same SSID and password on every enabled band.';
  return [violation('wifi.bandsteering', message, looksAt)];
}
