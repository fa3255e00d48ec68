import type { DeviceOrder, DevicePlace } from './device-order.js';

/** A page: `limit` records after or before a place, from the front or from the back. */
interface PageOf<Place> {
  readonly limit: number;
  readonly isBackward: boolean;
  readonly after: Place | null;
  readonly before: Place | null;
}

/** A page in rising order of id. */
export type PageRequest = PageOf<string>;

/** A page of devices in an order. */
export interface DevicePageRequest extends PageOf<DevicePlace> {
  readonly order: DeviceOrder;
}
