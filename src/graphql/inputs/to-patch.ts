import type { DevicePatch, ReservedClientPatch } from '../../domain/device-patch.js';
import type { DeviceUpdateInput, ReservedClientInput } from './device-update-input.js';

/** The input as the domain reads it: the same three wishes, reservations with their defaults. */
export function toDevicePatch({ dhcp, ...input }: DeviceUpdateInput): DevicePatch {
  if (dhcp === undefined || dhcp === null) return { ...input, ...(dhcp === null && { dhcp }) };
  const { reservedClients, ...settings } = dhcp;
  if (reservedClients === undefined) return { ...input, dhcp: settings };
  return {
    ...input,
    dhcp: { ...settings, reservedClients: reservedClients?.map(toReservation) ?? null },
  };
}

/** A reservation without an address gets the empty text, which the rules refuse at its place. */
function toReservation({ mac, ip, enable, id }: ReservedClientInput): ReservedClientPatch {
  return {
    mac: mac ?? '',
    ip: ip ?? '',
    enable: enable === undefined ? true : (enable ?? false),
    ...(id !== undefined && { id }),
  };
}
