import { parseMac } from './addresses.js';
import type { DeviceSettings } from './device.js';
import { DHCP_DEFAULTS, type DhcpSettings, type ReservedClient } from './dhcp.js';
import { parseId } from './id.js';
import { normalName } from './name.js';
import { mergedReservations, onlyRemoves, type ReservationPatch } from './reservation-patch.js';
import { WIFI_DEFAULTS, type WifiSettings } from './wifi.js';

/** Absent leaves a value, null clears it, a value sets it. */
type Patch<T> = { readonly [K in keyof T]?: T[K] | null };

/** A reservation as a client asks for it: one without an id may keep the id it had. */
export interface ReservedClientPatch extends Omit<ReservedClient, 'id'> {
  readonly id?: string | null;
}

/** What a client changes: each value is absent, null or set, at the top and inside the sections alike. */
export interface DevicePatch extends Patch<Omit<DeviceSettings, 'wifi' | 'dhcp'>> {
  readonly wifi?: Patch<WifiSettings> | null;
  readonly dhcp?: (Patch<Omit<DhcpSettings, 'reservedClients'>> & DhcpListPatch) | null;
}

interface DhcpListPatch extends ReservationPatch {
  readonly reservedClients?: readonly ReservedClientPatch[] | null;
}

/**
 * The settings after a patch, in normal form; they may still break rules.
 * A name or MAC address that a patch clears becomes the empty text, which no rule accepts.
 */
export function applyPatch(settings: DeviceSettings, patch: DevicePatch): DeviceSettings {
  return {
    name: patched(settings.name, patch.name, (text) => normalName(text ?? '')),
    notes: patched(settings.notes, patch.notes, (text) => text),
    macAddress: patched(settings.macAddress, patch.macAddress, (text) => normalMac(text ?? '')),
    serialNumber: patched(settings.serialNumber, patch.serialNumber, (text) => text?.trim() ?? null),
    mvnoAccount: patched<string | null>(settings.mvnoAccount, patch.mvnoAccount, normalId),
    wifi: patchSection(WIFI_DEFAULTS, settings.wifi, patch.wifi),
    dhcp: patchSection(DHCP_DEFAULTS, settings.dhcp, patchWithReservations(settings.dhcp, patch.dhcp)),
  };
}

/** What is sent back as it is stored stays, also in a spelling that is not normal today. */
function patched<T>(current: T, value: T | null | undefined, normal: (value: T | null) => T): T {
  return value === undefined || value === current ? current : normal(value);
}

function normalMac(text: string): string {
  return parseMac(text) ?? text;
}

function normalId(text: string | null): string | null {
  return text === null ? null : (parseId(text) ?? text);
}

function patchSection<T extends object>(
  defaults: T,
  current: T | null,
  patch: Patch<T> | null | undefined,
): T | null {
  if (patch === undefined) return current;
  if (patch === null) return null;
  const merged: T = { ...(current ?? defaults) };
  for (const field in defaults) {
    const value: T[typeof field] | null | undefined = patch[field];
    if (value !== undefined) merged[field] = value ?? defaults[field];
  }
  return merged;
}

/** The same patch with its reservations complete, so that the section can be merged field by field. */
function patchWithReservations(
  current: DhcpSettings | null,
  patch: DevicePatch['dhcp'],
): Patch<DhcpSettings> | null | undefined {
  if (patch === undefined || patch === null) return patch;
  if (current === null && onlyRemoves(patch)) return undefined;
  const { reservedClients, putReservedClients, removeReservedClients, ...rest } = patch;
  if (reservedClients === undefined && (putReservedClients ?? removeReservedClients ?? null) !== null) {
    return { ...rest, reservedClients: mergedReservations(current?.reservedClients ?? [], patch) };
  }
  if (reservedClients === undefined) return rest;
  return { ...rest, reservedClients: reservedClients && completeReservations(current, reservedClients) };
}

/** A reservation without an id keeps the one that its MAC address had before. */
function completeReservations(
  current: DhcpSettings | null,
  patched: readonly ReservedClientPatch[],
): readonly ReservedClient[] {
  const knownIds = new Map(current?.reservedClients.map(({ mac, id }) => [mac, id]));
  return patched.map(({ mac, ip, enable, id }) => {
    const normal = normalMac(mac);
    return { mac: normal, ip, enable, id: id === undefined ? (knownIds.get(normal) ?? null) : id };
  });
}
