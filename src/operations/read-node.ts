import type { Viewer } from '../access/viewer.js';
import type { DeviceSelection } from '../domain/device-selection.js';
import type { DeviceModel } from '../domain/device-model.js';
import type { GatewayError } from '../errors/gateway-error.js';
import type { CatalogStore } from '../persistence/devices/catalog-store.js';
import type { CustomerLists, ListedCustomer } from '../persistence/devices/customer-lists.js';
import type { DeviceLists } from '../persistence/devices/device-lists.js';
import type { DeviceView } from './device-view.js';
import { readCustomers } from './read-customers.js';
import { readDeviceModels } from './read-device-models.js';
import { readNetworkDevices } from './read-network-devices.js';

/** What the operation works with. */
interface NodeParts {
  readonly deviceLists: DeviceLists;
  readonly customerLists: CustomerLists;
  readonly catalog: CatalogStore;
}

/** The object of an id, with the name of its type. */
export type FoundNode =
  | { readonly type: 'NetworkDevice'; readonly found: DeviceView | GatewayError }
  | { readonly type: 'Customer'; readonly found: ListedCustomer }
  | { readonly type: 'DeviceModel'; readonly found: DeviceModel };

/**
 * The object that an id names: a device, else a customer, else a device model; undefined where it is missing, out of
 * reach, or the id is none. One to three statements.
 * @param selection what is read of a device
 */
export async function readNode(
  { deviceLists, customerLists, catalog }: NodeParts,
  viewer: Viewer,
  id: string,
  selection: DeviceSelection,
): Promise<FoundNode | undefined> {
  const [device] = await readNetworkDevices(deviceLists, viewer, [id], 'id', selection);
  if (device) return { type: 'NetworkDevice', found: device };
  const [customer] = await readCustomers(customerLists, viewer, [id], 'id');
  if (customer) return { type: 'Customer', found: customer };
  const [model] = await readDeviceModels(catalog, [id], 'id');
  return model ? { type: 'DeviceModel', found: model } : undefined;
}
