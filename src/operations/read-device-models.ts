import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import type { DeviceModel } from '../domain/device-model.js';
import type { CatalogStore } from '../persistence/devices/catalog-store.js';
import { batchById } from './batch.js';

/** How many models a list holds. */
const MAX_LISTED = 500;

/**
 * One device model by its id.
 * @throws ACCESS_DENIED when there is none, NOT_FOUND to ADMIN
 */
export async function readDeviceModel(
  catalog: CatalogStore,
  viewer: Viewer,
  id: string,
): Promise<DeviceModel> {
  const [model] = await readDeviceModels(catalog, [id], 'id');
  if (model === undefined || model === null) throw refusal(viewer);
  return model;
}

/**
 * Device models by their ids: same length and order, null where there is none. Without ids the first of all.
 * @param argument the name of the argument that holds the ids
 * @throws INVALID_VALUE for more than 1,000 ids
 */
export async function readDeviceModels(
  catalog: CatalogStore,
  ids: readonly string[] | undefined,
  argument: string,
): Promise<readonly (DeviceModel | null)[]> {
  if (ids === undefined) return await catalog.listDeviceModels(MAX_LISTED);
  return await batchById(argument, ids, catalog.findDeviceModels);
}
