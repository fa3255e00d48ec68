import { refusal } from '../access/refusals.js';
import type { Viewer } from '../access/viewer.js';
import type { DeviceModel } from '../domain/device-model.js';
import { idOrNone } from '../domain/id.js';
import { GatewayError } from '../errors/gateway-error.js';
import { auditedBy } from './audited-by.js';
import { assertMayManageModels, type ModelParts } from './write-device-model.js';

/**
 * Deletes a device model that no device has.
 * @returns the model as it was
 * @throws ACCESS_DENIED, or NOT_FOUND to ADMIN, when there is none; MODEL_IN_USE while a device has it
 */
export async function deleteDeviceModel(
  { models }: Pick<ModelParts, 'models'>,
  viewer: Viewer,
  { id, requestId }: { readonly id: string; readonly requestId: string },
): Promise<DeviceModel> {
  assertMayManageModels(viewer);
  const audit = auditedBy(viewer, { requestId });
  const model = await models.remove(idOrNone(id), {
    ...audit,
    objectType: 'DEVICE_MODEL',
    action: 'DELETE',
    paths: [],
  });
  if (model === 'in-use') throw new GatewayError('MODEL_IN_USE');
  if (model === undefined) throw refusal(viewer);
  return model;
}
