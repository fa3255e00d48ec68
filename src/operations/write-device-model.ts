import { mayManageModels } from '../access/policy.js';
import type { Viewer } from '../access/viewer.js';
import {
  type DeviceModelPatch,
  isComplete,
  type ModelDraft,
  modelViolations,
  patchedModel,
} from '../domain/device-model-patch.js';
import type { DeviceModel } from '../domain/device-model.js';
import { assertNoViolation, GatewayError } from '../errors/gateway-error.js';
import type { CatalogStore } from '../persistence/devices/catalog-store.js';
import type { ModelStore } from '../persistence/devices/model-store.js';

/** What every operation that writes device models works with. */
export interface ModelParts {
  readonly catalog: CatalogStore;
  readonly models: ModelStore;
}

/** @throws ACCESS_DENIED for a level that may not change device models */
export function assertMayManageModels(viewer: Viewer): void {
  if (!mayManageModels(viewer)) throw new GatewayError('ACCESS_DENIED');
}

/**
 * What a patch makes of a model.
 * @param before undefined for a new one
 * @throws INVALID_VALUE with every violation
 */
export function mergedModel(
  before: DeviceModel | undefined,
  start: ModelDraft,
  patch: DeviceModelPatch,
): Omit<DeviceModel, 'id'> {
  const after = patchedModel(start, patch);
  assertNoViolation(modelViolations(before, after));
  if (!isComplete(after)) throw new Error('A device model without name or type broke no rule.');
  return after;
}
