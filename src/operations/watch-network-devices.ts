import { mayReadDevice } from '../access/policy.js';
import type { Viewer } from '../access/viewer.js';
import type { Customer } from '../domain/customer.js';
import { idOrNone, parseId } from '../domain/id.js';
import type { GatewayError } from '../errors/gateway-error.js';
import type { EndedDevice, StoredDeviceOrError } from '../persistence/rows/device-row.js';
import type { IdentityView } from './device-view.js';
import { assertBatchSize } from './batch.js';
import { type ListedView, toListedViewOrError } from './read-network-devices.js';

/** What ends a subscription from outside, and what the end of one may take along. */
export interface SubscriptionLifetime {
  /** Aborted when the subscription is over; with a GatewayError as its reason when the subscriber is to get one. */
  readonly signal: AbortSignal;
  /** The subscription has ended with this error, because changes are taken more slowly than they come. */
  readonly onOverload: (error: GatewayError) => void;
  /** Names the request and the rights of the moment: subscriptions with equal keys are given the same view of a change. */
  readonly shareKey: () => string;
  /** What the subscription was asked for with: equal keys stand for what is kept in memory once. */
  readonly request: () => { readonly key: string; readonly bytes: number };
}

/** A device that changed, of which at least the customer can be read. */
export type ChangedDevice = (StoredDeviceOrError & { readonly customer: Customer }) | EndedDevice;

/** A changed device as one subscriber gets it. */
export type ChangeView = ListedView | IdentityView;

/** Which changes one subscriber gets. */
export interface DeviceWatch {
  /** Whose it is. */
  readonly subject: string;
  /** Only these devices; undefined for any. */
  readonly deviceIds: ReadonlySet<string> | undefined;
  /** Only devices of this customer; undefined for any. */
  readonly customerId: string | undefined;
  /** The device as the subscriber gets it; undefined when it is out of reach. Asked at every change. */
  readonly view: (device: ChangedDevice) => ChangeView | undefined;
  readonly lifetime: SubscriptionLifetime | undefined;
}

/** Notifies of every committed change of a device. */
export interface DeviceChanges {
  /**
   * From now on until the iterator is returned or the lifetime ends.
   * @throws DATABASE_UNAVAILABLE while the feed does not listen yet, OVERLOADED when too much is watched
   */
  readonly watch: (watch: DeviceWatch) => AsyncIterableIterator<ChangeView>;
}

/** What an event still shows of a device that is gone. */
function toEndedView({ id, lastVersion }: EndedDevice): IdentityView {
  return { identityOf: { id, version: lastVersion, state: 'DELETING' } };
}

/** What a subscriber asks for. */
export interface WatchRequest {
  /** As the client wrote them; undefined for all within reach. */
  readonly ids: readonly string[] | undefined;
  readonly customer: string | undefined;
}

/**
 * Every committed change of a device within reach, from now on. Reach is checked at each change, with the device's
 * customer and the viewer's rights of that moment; what is out of reach is left out in silence, as in lists.
 * @param viewer the viewer at the time of the call
 * @throws INVALID_VALUE for more than 1,000 ids, OVERLOADED when the subject or the process watches too much
 */
export function watchNetworkDevices(
  changes: DeviceChanges,
  viewer: () => Viewer,
  { ids, customer }: WatchRequest,
  lifetime: SubscriptionLifetime | undefined,
): AsyncIterableIterator<ChangeView> {
  if (ids !== undefined) assertBatchSize('ids', ids.length);
  return changes.watch({
    subject: viewer().subject,
    deviceIds: ids && new Set(ids.map(parseId).filter((id) => id !== undefined)),
    customerId: customer === undefined ? undefined : idOrNone(customer),
    view: (device) => {
      const now = viewer();
      if (!mayReadDevice(now, device.customer)) return undefined;
      return 'lastVersion' in device ? toEndedView(device) : toListedViewOrError(now, device);
    },
    lifetime,
  });
}
