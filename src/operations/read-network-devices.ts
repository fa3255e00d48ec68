import { mayReadWifiPasswords } from '../access/policy.js';
import { readReach } from '../access/reach.js';
import type { Viewer } from '../access/viewer.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { DeviceSelection } from '../domain/device-selection.js';
import type { DeviceOrder, DevicePlace } from '../domain/device-order.js';
import { taken } from '../domain/taken.js';
import type { DeviceLists } from '../persistence/devices/device-lists.js';
import type { StoredDeviceOrError } from '../persistence/rows/device-row.js';
import type { StoredDevice } from '../secrets/device-secrets.js';
import { batchById } from './batch.js';
import type { DeviceView } from './device-view.js';
import { readFilter, type RequestedFilter } from './device-filter.js';
import { once } from './once.js';
import { devicePageRequest, type Page, type PageArguments, toPage } from './paging.js';

/**
 * Devices by their ids, for portals: same length and order, null where one is missing or out of reach, an error where one
 * cannot be read.
 * @param argument the name of the argument that holds the ids
 * @param selection what is read of each device
 * @throws INVALID_VALUE for more than 1,000 ids
 */
export async function readNetworkDevices(
  lists: DeviceLists,
  viewer: Viewer,
  ids: readonly string[],
  argument: string,
  selection: DeviceSelection,
): Promise<(ListedView | null)[]> {
  const reach = readReach(viewer);
  const found = await batchById(
    argument,
    ids,
    async (distinctIds) => await lists.findMany(reach, distinctIds, selection),
  );
  const devices = taken(found);
  const views = new Map(devices.map((device) => [device, device && toListedViewOrError(viewer, device)]));
  return devices.map((device) => views.get(device) ?? null);
}

/** A device as lists hold it; an error in its place where it cannot be read. */
export type ListedView = DeviceView | GatewayError;

/** A device that may be read, for a list or an event. */
export function toListedViewOrError(viewer: Viewer, device: StoredDeviceOrError): ListedView {
  if (!(device instanceof Error)) return toListedView(viewer, device);
  return new GatewayError('INTERNAL_ERROR', { deviceId: device.id }, { cause: device });
}

/** A device and its place in the list, which is known also where the device cannot be read. */
interface ListedDevice {
  readonly place: DevicePlace;
  readonly view: ListedView;
}

/** A page of devices; its total is counted when it is asked for, once. */
export interface DeviceConnection extends Page<ListedDevice> {
  readonly nodes: ListedDevice[];
  readonly count: () => Promise<number>;
}

/** What a client asks a list of devices for. */
export interface DeviceListRequest {
  readonly filter: RequestedFilter;
  readonly order: DeviceOrder;
  readonly page: PageArguments;
  /** What is read of each device. */
  readonly selection: DeviceSelection;
}

/**
 * The devices within reach that fit a filter, page by page in an order.
 * @throws INVALID_VALUE for page arguments and filters that make no sense
 */
export async function readNetworkDeviceConnection(
  lists: DeviceLists,
  viewer: Viewer,
  { order, page, filter: requested, selection }: DeviceListRequest,
): Promise<DeviceConnection> {
  const reach = readReach(viewer);
  const request = devicePageRequest(page, order);
  const filter = readFilter(requested);
  const { nodes, ...rest } = toPage(request, taken(await lists.page(reach, filter, request, selection)));
  return {
    ...rest,
    nodes: nodes.map(({ place, device }) => ({ place, view: toListedViewOrError(viewer, device) })),
    count: once(async () => await lists.count(reach, filter)),
  };
}

/** A device as lists hold it: passwords that may not be read are left out in silence. */
function toListedView(viewer: Viewer, device: StoredDevice): DeviceView {
  return { device, passwords: mayReadWifiPasswords(viewer, device.customer) ? 'shown' : 'hidden' };
}
