import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import { changedModelPaths, type DeviceModelPatch } from '../domain/device-model-patch.js';
import type { DeviceModel } from '../domain/device-model.js';
import { auditedBy } from './audited-by.js';
import { readDeviceModel } from './read-device-models.js';
import { assertMayManageModels, mergedModel, type ModelParts } from './write-device-model.js';

/** What a client asks for. */
export interface UpdateModelRequest {
  /** The model, as the client wrote its id. */
  readonly id: string;
  readonly input: DeviceModelPatch;
  readonly requestId: string;
}

/**
 * Changes a device model: absent leaves, null clears, a value sets. Each field is checked and written by itself, so two who change
 * different fields at once both succeed. Devices keep the settings that they have, whatever their model can do from now on.
 * @throws ACCESS_DENIED, or NOT_FOUND to ADMIN, when there is none; INVALID_VALUE with every violation
 */
export async function updateDeviceModel(
  { catalog, models }: ModelParts,
  viewer: Viewer,
  { id, input, requestId }: UpdateModelRequest,
): Promise<DeviceModel> {
  assertMayManageModels(viewer);
  const before = await readDeviceModel(catalog, viewer, id);
  const model = { ...mergedModel(before, before, input), id: before.id };
  const paths = changedModelPaths(before, model);
  if (paths.length === 0) return before;
  const audit = auditedBy(viewer, { requestId });
  const written = await models.update(model, {
    ...audit,
    objectType: 'DEVICE_MODEL',
    action: 'UPDATE',
    paths,
  });
  if (written === undefined) throw refusal(viewer);
  return written;
}
