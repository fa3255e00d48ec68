import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { createDeviceModel } from '../../../operations/create-device-model.js';
import { deleteDeviceModel } from '../../../operations/delete-device-model.js';
import { onceOnly } from '../../../operations/once-only.js';
import { readDeviceModel, readDeviceModels } from '../../../operations/read-device-models.js';
import { updateDeviceModel } from '../../../operations/update-device-model.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceModelInput } from '../inputs/device-model-input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { DeviceModel } from '../types/device-model.js';

@Resolver(() => DeviceModel)
export class DeviceModelResolver {
  @Query(() => DeviceModel, {
    nullable: true,
    description: 'One device model by its id. Errors: ACCESS_DENIED when there is none, NOT_FOUND to ADMIN.',
  })
  async deviceModel(
    @Arg('id', () => ID, { description: 'Id of the device model: 24 hex digits in any case.' }) id: string,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceModel> {
    return new DeviceModel(await readDeviceModel(context.parts.catalog, requireViewer(context), id));
  }

  @Query(() => [DeviceModel], {
    nullable: 'itemsAndList',
    description:
      'Device models by their ids, in the order asked for, null where there is none; without ids all in order of id, at most 500.',
  })
  async deviceModels(
    @Arg('ids', () => [ID], { nullable: true, description: 'Ids of device models, at most 1000.' })
    ids: string[] | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<(DeviceModel | null)[]> {
    requireViewer(context);
    const models = await readDeviceModels(context.parts.catalog, ids === null ? undefined : ids, 'ids');
    return models.map((model) => model && new DeviceModel(model));
  }

  @Mutation(() => DeviceModel, {
    nullable: true,
    description:
      'Adds a device model and returns it. For RESELLER_ADMIN and ADMIN. Errors: ACCESS_DENIED, INVALID_VALUE with every violation, IDEMPOTENCY_KEY_REUSED.',
  })
  async createDeviceModel(
    @Arg('input', () => DeviceModelInput, { description: 'What the model is; name and type are needed.' })
    input: DeviceModelInput,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceModel> {
    const viewer = requireViewer(context);
    const { parts, requestId } = context;
    const once = onceOnly(idempotencyKey, false, 'createDeviceModel', { input });
    return new DeviceModel(await createDeviceModel(parts, viewer, { input, requestId, once }));
  }

  @Mutation(() => DeviceModel, {
    nullable: true,
    description:
      'Changes a device model and returns it as written. For RESELLER_ADMIN and ADMIN. Errors: ACCESS_DENIED when there is none, NOT_FOUND to ADMIN, INVALID_VALUE with every violation.',
  })
  async updateDeviceModel(
    @Arg('id', () => ID, { description: 'Id of the device model: 24 hex digits in any case.' }) id: string,
    @Arg('input', () => DeviceModelInput, { description: 'What to change.' }) input: DeviceModelInput,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceModel> {
    const viewer = requireViewer(context);
    const { parts, requestId } = context;
    return new DeviceModel(await updateDeviceModel(parts, viewer, { id, input, requestId }));
  }

  @Mutation(() => DeviceModel, {
    nullable: true,
    description:
      'Deletes a device model that no device has, and returns it as it was. For RESELLER_ADMIN and ADMIN. Errors: ACCESS_DENIED when there is none, NOT_FOUND to ADMIN, MODEL_IN_USE.',
  })
  async deleteDeviceModel(
    @Arg('id', () => ID, { description: 'Id of the device model: 24 hex digits in any case.' }) id: string,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceModel> {
    const viewer = requireViewer(context);
    const { parts, requestId } = context;
    return new DeviceModel(await deleteDeviceModel(parts, viewer, { id, requestId }));
  }
}
