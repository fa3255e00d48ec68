import type { DevicePatch, ReservedClientPatch } from './device-patch.js';
import type { PutReservation } from './reservation-patch.js';

type DhcpPatch = NonNullable<DevicePatch['dhcp']>;

/** A patch as clients write it, in GraphQL and on the REST page alike: anything of a reservation may be left out. */
export interface DeviceInput extends Omit<DevicePatch, 'dhcp'> {
  readonly dhcp?: DhcpInput | null;
}

interface DhcpInput extends Omit<DhcpPatch, 'reservedClients' | 'putReservedClients'> {
  readonly reservedClients?: readonly ReservationInput[] | null;
  readonly putReservedClients?: readonly ReservationInput[] | null;
}

interface ReservationInput {
  readonly mac?: string | null;
  readonly ip?: string | null;
  readonly enable?: boolean | null;
  readonly id?: string | null;
}

/** The input as the rules read it: absent, null and values as they came, reservations with their defaults. */
export function toDevicePatch({ dhcp, ...input }: DeviceInput): DevicePatch {
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
function toPut({ mac, ip, enable, id }: ReservationInput): PutReservation {
  return {
    mac: mac ?? '',
    ...(ip !== undefined && { ip: ip ?? '' }),
    ...(enable !== undefined && { enable: enable ?? false }),
    ...(id !== undefined && { id }),
  };
}

/** A reservation without an address gets the empty text, which the rules refuse at its place. */
function toReservation({ mac, ip, enable, id }: ReservationInput): ReservedClientPatch {
  return {
    mac: mac ?? '',
    ip: ip ?? '',
    enable: enable === undefined ? true : (enable ?? false),
    ...(id !== undefined && { id }),
  };
}
