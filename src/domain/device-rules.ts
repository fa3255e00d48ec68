import { isDeepStrictEqual } from 'node:util';
import { isStationMac, parseMac, parseSubnet } from './addresses.js';
import { type DeviceSettings, settingsOf } from './device.js';
import { changedPaths } from './device-changes.js';
import { type DeviceCapabilities, type DeviceModel, EVERY_CAPABILITY } from './device-model.js';
import type { DeviceStatus } from './device-status.js';
import {
  DHCP_DEFAULTS,
  dhcpViolations,
  MAX_RESERVATIONS,
  NOT_A_STATION_MAC,
  RESERVATION_FIELDS,
} from './dhcp.js';
import { type RuleViolation, violation } from './violation.js';
import { parseId } from './id.js';
import { isName, NAME_RULE } from './name.js';
import type { DevicePatch } from './device-patch.js';
import { atPutItems, patchViolations } from './reservation-patch.js';
import { codePoints, isCleanText } from './text.js';
import { WIFI_DEFAULTS, wifiViolations } from './wifi.js';

const MAX_NOTES = 4096;
const SERIAL_NUMBER = /^[\x20-\x7e]{1,64}$/;

/** Paths in the order of the input's fields, which is the order of the answer's violations. */
const PATHS_IN_ORDER: readonly string[] = [
  'name',
  'notes',
  'macAddress',
  'serialNumber',
  'mvnoAccount',
  ...Object.keys(WIFI_DEFAULTS).map((field) => `wifi.${field}`),
  ...Object.keys(DHCP_DEFAULTS).map((field) => `dhcp.${field}`),
  'dhcp.putReservedClients',
  'dhcp.removeReservedClients',
];

/** What the rules must know of a device beside its settings. */
export interface DeviceFacts {
  readonly model: Pick<DeviceModel, 'capabilities'>;
  readonly status: Pick<DeviceStatus, 'lanIp' | 'subnetMask'> | null;
}

/**
 * Every rule that settings break, in the order of the input's fields, then by index. Whether another device
 * has the MAC address is for the database to say.
 */
export function settingsViolations(
  settings: DeviceSettings,
  { model, status }: DeviceFacts,
): RuleViolation[] {
  const subnet = status === null ? undefined : parseSubnet(status.lanIp, status.subnetMask);
  const violations = [
    ...textViolations(settings),
    ...hardwareViolations(settings, model.capabilities),
    ...(settings.wifi === null ? [] : wifiViolations(settings.wifi, model.capabilities)),
    ...(settings.dhcp === null ? [] : dhcpViolations(settings.dhcp, subnet)),
  ];
  return inInputOrder(violations);
}

/**
 * Those violations that an update from one settings to the other is refused for: they involve a value that it changes. The rules
 * of a section involve nothing outside it, so those of one that the update leaves alone are not asked.
 */
export function violationsOfChange(
  before: DeviceSettings,
  after: DeviceSettings,
  facts: DeviceFacts,
): RuleViolation[] {
  const wifi = after.wifi === before.wifi ? null : after.wifi;
  const dhcp = after.dhcp === before.dhcp ? null : after.dhcp;
  const violations = settingsViolations({ ...after, wifi, dhcp }, facts);
  if (violations.length === 0) return violations;
  const changed = changedPaths(before, after);
  return violations.filter(({ involves }) => involves.some((path) => changed.has(path)));
}

/** The violations of an update: those of its entries for single reservations, and those of its change, at the paths of the input. */
export function violationsOfUpdate(
  before: DeviceSettings,
  after: DeviceSettings,
  facts: DeviceFacts,
  { dhcp }: Pick<DevicePatch, 'dhcp'>,
): RuleViolation[] {
  return locatedInInput(violationsOfChange(before, after, facts), after, dhcp);
}

/** The violations of a new device, in the same way: every rule counts. */
export function violationsOfNew(
  settings: DeviceSettings,
  facts: DeviceFacts,
  { dhcp }: Pick<DevicePatch, 'dhcp'>,
): RuleViolation[] {
  return locatedInInput(settingsViolations(settings, facts), settings, dhcp);
}

type HardwareModel = Pick<DeviceModel, 'id' | 'capabilities'>;

/**
 * The violations of a replacement: those of its change, and whatever another model cannot do, also if the old one could not do it
 * any more. Nothing is known of the network of the new hardware yet.
 */
export function violationsOfReplacement(
  before: DeviceSettings & { readonly model: HardwareModel },
  after: DeviceSettings,
  model: HardwareModel,
): RuleViolation[] {
  const capabilities = model.id === before.model.id ? before.model.capabilities : EVERY_CAPABILITY;
  const older = new Set(
    settingsViolations(before, { model: { capabilities }, status: null }).map(({ path }) => path),
  );
  const changed = changedPaths(before, after);
  return settingsViolations(after, { model, status: null }).filter(
    ({ path, involves }) => !older.has(path) || involves.some((place) => changed.has(place)),
  );
}

function locatedInInput(
  violations: RuleViolation[],
  after: DeviceSettings,
  dhcp: DevicePatch['dhcp'],
): RuleViolation[] {
  if (dhcp === undefined || dhcp === null) return violations;
  const located = atPutItems(violations, after.dhcp, dhcp);
  const paths = new Set(located.map(({ path }) => path));
  return inInputOrder([...located, ...patchViolations(dhcp).filter(({ path }) => !paths.has(path))]);
}

/** Whether an update has an effect at all: values are compared in their normal form. */
export function isSameSettings(before: DeviceSettings, after: DeviceSettings): boolean {
  return isDeepStrictEqual(settingsOf(before), settingsOf(after));
}

/** What a device is: the serial number of its case, and the account of the SIM card in it. */
function hardwareViolations(
  { serialNumber, mvnoAccount }: DeviceSettings,
  { simSupport }: DeviceCapabilities,
): RuleViolation[] {
  const violations: RuleViolation[] = [];
  if (serialNumber !== null && !SERIAL_NUMBER.test(serialNumber)) {
    violations.push(violation('serialNumber', 'A serial number has 1 to 64 printable ASCII characters.'));
  }
  if (mvnoAccount !== null && parseId(mvnoAccount) === undefined) {
    violations.push(violation('mvnoAccount', 'Not an id of 24 hex digits.'));
  } else if (mvnoAccount !== null && !simSupport) {
    violations.push(violation('mvnoAccount', 'This device model takes no SIM card.'));
  }
  return violations;
}

function textViolations({ name, notes, macAddress }: DeviceSettings): RuleViolation[] {
  const violations: RuleViolation[] = [];
  if (!isName(name)) violations.push(violation('name', `${NAME_RULE} It cannot be cleared.`));
  if (notes !== null && (codePoints(notes) > MAX_NOTES || !isCleanText(notes))) {
    const message = `Notes have at most ${MAX_NOTES} characters and no control characters but line breaks and tabs.`;
    violations.push(violation('notes', message));
  }
  if (parseMac(macAddress) === undefined) {
    violations.push(violation('macAddress', 'Not a MAC address: 12 hex digits. It cannot be cleared.'));
  } else if (!isStationMac(macAddress)) {
    violations.push(violation('macAddress', NOT_A_STATION_MAC));
  }
  return violations;
}

/** Sorts by field, then by reservation and its fields; the sort is stable, so violations of one place keep their order. */
function inInputOrder(violations: readonly RuleViolation[]): RuleViolation[] {
  return violations
    .map((found) => ({ found, rank: rankOf(found.path) }))
    .toSorted((one, other) => one.rank - other.rank)
    .map(({ found }) => found);
}

/** Ranks of the paths in the order of the input's fields; a field leaves room for the entries of a list. */
const RANKS: ReadonlyMap<string, number> = new Map(
  PATHS_IN_ORDER.map((path, index) => [path, (index + 1) * RESERVATION_FIELDS.length * MAX_RESERVATIONS]),
);

function rankOf(path: string): number {
  const [, field = path, index = '-1', part = ''] = /^(.*)\[(\d+)\](?:\.(\w+))?$/.exec(path) ?? [];
  const place =
    Number(index) * RESERVATION_FIELDS.length + RESERVATION_FIELDS.findIndex((name) => name === part);
  return (RANKS.get(field) ?? 0) + place;
}
