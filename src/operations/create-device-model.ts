import type { Viewer } from '../access/viewer.js';
import { changedModelPaths, type DeviceModelPatch, NO_MODEL } from '../domain/device-model-patch.js';
import type { DeviceModel } from '../domain/device-model.js';
import type { IdempotencyKeys, WriteKey } from '../persistence/idempotency/idempotency-keys.js';
import { auditedBy } from './audited-by.js';
import { newId } from './new-id.js';
import { assertRepeat, type OnceOnly, repeatable } from './once-only.js';
import { readDeviceModel } from './read-device-models.js';
import { assertMayManageModels, mergedModel, type ModelParts } from './write-device-model.js';

/** What the operation works with. */
export interface CreateModelParts extends ModelParts {
  readonly keys: IdempotencyKeys;
  readonly now: () => Date;
}

/** What a client asks for. */
export interface CreateModelRequest {
  readonly input: DeviceModelPatch;
  readonly requestId: string;
  /** Undefined for a call without an idempotency key. */
  readonly once: OnceOnly | undefined;
}

/**
 * Adds a device model. A call that repeats an earlier one by its idempotency key answers with that model as it is now.
 * @throws ACCESS_DENIED, INVALID_VALUE with every violation, IDEMPOTENCY_KEY_REUSED
 */
export async function createDeviceModel(
  parts: CreateModelParts,
  viewer: Viewer,
  { once, ...request }: CreateModelRequest,
): Promise<DeviceModel> {
  assertMayManageModels(viewer);
  const { keys } = parts;
  const key = once && keys.digest(viewer.subject, once.key, once.call);
  return await repeatable(key, async () => {
    // When somebody uses the same key at the same moment, the second look finds it.
    const model =
      (await createUnlessRepeated(parts, viewer, request, key)) ??
      (await createUnlessRepeated(parts, viewer, request, key));
    if (model === undefined) throw new Error('An idempotency key is taken and is not there.');
    return model;
  });
}

/** @returns undefined when somebody else has used the key meanwhile */
async function createUnlessRepeated(
  parts: CreateModelParts,
  viewer: Viewer,
  { input, requestId }: Omit<CreateModelRequest, 'once'>,
  key: WriteKey | undefined,
): Promise<DeviceModel | undefined> {
  const { keys, models, catalog, now } = parts;
  const kept = key && (await keys.find(key));
  if (key !== undefined && kept !== undefined) {
    assertRepeat(key, kept);
    return await readDeviceModel(catalog, viewer, kept.objectId);
  }
  if (key !== undefined) await keys.assertBelowLimit(key);
  const model = { id: newId(now()), ...mergedModel(undefined, NO_MODEL, input) };
  const isCreated = await models.create(
    model,
    {
      ...auditedBy(viewer, { requestId }),
      objectType: 'DEVICE_MODEL',
      action: 'CREATE',
      paths: changedModelPaths(NO_MODEL, model),
    },
    key,
  );
  return isCreated ? model : undefined;
}
