import type { DevicePatch, ReservedClientPatch } from '../../domain/device-patch.js';
import type { PutReservation } from '../../domain/reservation-wishes.js';
import type { DeviceUpdateInput, ReservedClientInput } from './device-update-input.js';

/** The input as the domain reads it: the same three wishes, reservations with their defaults. */
export function toDevicePatch({ dhcp, ...input }: DeviceUpdateInput): DevicePatch {
  if (dhcp === undefined || dhcp === null) return { ...input, ...(dhcp === null && { dhcp }) };
  const { reservedClients, putReservedClients, ...settings } = dhcp;
  return {
    ...input,
    dhcp: {
      ...settings,
      ...(reservedClients !== undefined && { reservedClients: reservedClients?.map(toReservation) ?? null }),
      ...(putReservedClients !== undefined && { putReservedClients: putReservedClients?.map(toPut) ?? null }),
    },
  };
}

/** What an item does not give stays as it is. */
function toPut({ mac, ip, enable, id }: ReservedClientInput): PutReservation {
  return {
    mac: mac ?? '',
    ...(ip !== undefined && { ip: ip ?? '' }),
    ...(enable !== undefined && { enable: enable ?? false }),
    ...(id !== undefined && { id }),
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
