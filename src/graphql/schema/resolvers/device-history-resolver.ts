import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { withDeviceId } from '../../../errors/with-device-id.js';
import { readDeviceChanges, readSettingsAt } from '../../../operations/read-device-history.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceChangeConnection } from '../types/device-change.js';
import { DeviceSettings } from '../types/device-settings.js';
import { NetworkDevice } from '../types/network-device.js';

const DEFAULT_CHANGES = 20;

@Resolver(() => NetworkDevice)
export class DeviceHistoryResolver {
  @FieldResolver(() => DeviceChangeConnection, {
    nullable: true,
    description: 'What was done to the device, the newest first: who changed what, and what it was before.',
  })
  async changes(
    @Root() device: NetworkDevice,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_CHANGES,
      description: 'How many: from 0 to 100.',
    })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Only what follows this cursor.' })
    after: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceChangeConnection | null> {
    if (device.isIdentityOnly) return null;
    return await withDeviceId(device.id, async () => {
      const request = { first: first ?? DEFAULT_CHANGES, after: after ?? null };
      const { history } = context.parts;
      const page = await readDeviceChanges(history, requireViewer(context), device.id, request);
      return new DeviceChangeConnection(page);
    });
  }

  @FieldResolver(() => DeviceSettings, {
    nullable: true,
    description:
      'The settings of the device as they were at one of its versions; null for a version that never was, where they are not known or not kept any more, and where the device was of a customer then whose devices the viewer may not read.',
  })
  async settingsAt(
    @Root() device: NetworkDevice,
    @Arg('version', () => Int, { description: 'The version, from 1 to that of the device.' }) version: number,
    @Ctx() context: GatewayContext,
  ): Promise<DeviceSettings | null> {
    if (device.isIdentityOnly) return null;
    return await withDeviceId(device.id, async () => {
      const view = await readSettingsAt(context.parts.history, requireViewer(context), device.id, version);
      return view && new DeviceSettings(view);
    });
  }
}
