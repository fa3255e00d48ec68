import type { Device } from '../domain/device.js';
import { WIFI_PASSWORD_FIELDS, type WifiPasswordField, type WifiSettings } from '../domain/wifi.js';
import type { KeyRing, SealedText } from './key-ring.js';

/** A device as it is stored: its WiFi passwords are sealed. */
export type StoredDevice = Device<SealedText>;

/** What seals and opens the WiFi passwords of devices. */
export type DeviceSecrets = Pick<KeyRing, 'seal' | 'open' | 'isCurrent'>;

/** What a password is bound to beside the device: a password of 5 GHz does not open as one of 2.4 GHz. */
function fieldName(field: WifiPasswordField): string {
  return `wifi.${field}`;
}

/**
 * Opens one WiFi password of a device.
 * @throws SecretError when it does not open
 */
export function openPassword(
  { open }: Pick<DeviceSecrets, 'open'>,
  deviceId: string,
  field: WifiPasswordField,
  secret: SealedText | null,
): string | null {
  return secret && open(secret, deviceId, fieldName(field));
}

/** The device with its passwords in clear, for rules that must see them. */
export function openDevice(secrets: DeviceSecrets, device: StoredDevice): Device {
  return { ...device, wifi: openWifi(secrets, device.id, device.wifi) };
}

/** WiFi settings of a device with their passwords in clear. */
export function openWifi(
  secrets: DeviceSecrets,
  deviceId: string,
  wifi: WifiSettings<SealedText> | null,
): WifiSettings | null {
  if (wifi === null) return null;
  const passwords = eachPassword((field) => openPassword(secrets, deviceId, field, wifi[field]));
  return { ...wifi, ...passwords };
}

/** The WiFi settings of a device before a change, in clear and as they were stored. */
interface WifiBefore {
  readonly opened: WifiSettings | null;
  readonly stored: WifiSettings<SealedText> | null;
}

/** Seals one WiFi password of a device. */
export function sealPassword(
  secrets: Pick<DeviceSecrets, 'seal'>,
  deviceId: string,
  field: WifiPasswordField,
  text: string,
): SealedText {
  return secrets.seal(text, deviceId, fieldName(field));
}

/**
 * WiFi settings as they are stored. Passwords that did not change keep their seal, unless it is that of a former key:
 * a rotation may have replaced it since the device was read, and must not be undone.
 */
export function sealWifi(
  secrets: DeviceSecrets,
  deviceId: string,
  wifi: WifiSettings | null,
  before?: WifiBefore,
): WifiSettings<SealedText> | null {
  if (wifi === null) return null;
  const passwords = eachPassword((field): SealedText | null => {
    const text = wifi[field];
    if (text === null) return null;
    const old = before?.stored?.[field] ?? null;
    const isKept = old !== null && before?.opened?.[field] === text && secrets.isCurrent(old);
    return isKept ? old : sealPassword(secrets, deviceId, field, text);
  });
  return { ...wifi, ...passwords };
}

/**
 * The device as it was read, its passwords under the key that seals: a seal of a former key may be replaced by a rotation by now,
 * so it is renewed and not put back.
 */
export function withCurrentSeals(secrets: DeviceSecrets, stored: StoredDevice): StoredDevice {
  const { id, wifi } = stored;
  const areCurrent = WIFI_PASSWORD_FIELDS.every((field) => {
    const secret = wifi?.[field] ?? null;
    return secret === null || secrets.isCurrent(secret);
  });
  if (areCurrent) return stored;
  const opened = openWifi(secrets, id, wifi);
  return { ...stored, wifi: sealWifi(secrets, id, opened, { opened, stored: wifi }) };
}

function eachPassword<T>(get: (field: WifiPasswordField) => T): Record<WifiPasswordField, T> {
  return { password: get('password'), password5G: get('password5G'), password6G: get('password6G') };
}
