import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import type { DeviceModel } from '../domain/device-model.js';
import { parseId } from '../domain/id.js';
import { inputFault } from '../errors/gateway-error.js';
import type { CatalogStore } from '../persistence/catalog-store.js';

/** How many ids one batch look-up takes. */
const MAX_IDS = 1_000;
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
  const [model] = await readDeviceModels(catalog, [id]);
  if (model === undefined || model === null) throw refusal(viewer);
  return model;
}

/**
 * Device models by their ids: same length and order, null where there is none. Without ids the first of all.
 * @throws INVALID_VALUE for more than 1,000 ids
 */
export async function readDeviceModels(
  catalog: CatalogStore,
  ids: readonly string[] | undefined,
): Promise<readonly (DeviceModel | null)[]> {
  if (ids === undefined) return await catalog.listDeviceModels(MAX_LISTED);
  if (ids.length > MAX_IDS) {
    throw inputFault([{ path: 'ids', code: 'INVALID_VALUE', message: `At most ${MAX_IDS} ids.` }]);
  }
  const normalIds = ids.map(parseId);
  const wanted = new Set(normalIds.filter((id) => id !== undefined));
  const models = await catalog.findDeviceModels([...wanted]);
  const byId = new Map(models.map((model) => [model.id, model]));
  return normalIds.map((id) => (id === undefined ? undefined : byId.get(id)) ?? null);
}
