/** What a list of devices can be in the order of. */
export type DeviceOrderField = 'ID' | 'NAME' | 'UPDATED_AT';

/** The order of a list of devices; equal values stand in order of id, in the same direction. */
export interface DeviceOrder {
  readonly field: DeviceOrderField;
  readonly isDescending: boolean;
}

/** The order of a list when nobody says one. */
export const ORDER_OF_IDS: DeviceOrder = { field: 'ID', isDescending: false };

/** The place of a device in an order: its id, and before that the value that the order is by; null in the order of ids. */
export interface DevicePlace {
  readonly id: string;
  readonly value: string | null;
}
