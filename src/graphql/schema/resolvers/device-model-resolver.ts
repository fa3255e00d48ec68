import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { readDeviceModel, readDeviceModels } from '../../../operations/read-device-models.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
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
}
