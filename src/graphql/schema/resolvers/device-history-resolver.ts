import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Mutation, Resolver, Root } from 'type-graphql';
import { withDeviceId } from '../../../errors/with-device-id.js';
import { readDeviceChanges, readSettingsAt } from '../../../operations/read-device-history.js';
import { revertNetworkDevice } from '../../../operations/revert-network-device.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceIdArg, DryRunArg, ExpectedVersionArg } from '../inputs/device-args.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { DeviceChangeConnection } from '../types/device-change.js';
import { DeviceSettings } from '../types/device-settings.js';
import { NetworkDevice } from '../types/network-device.js';
import { selectsValues } from './change-selection.js';
import { mutateDevice } from './device-mutation.js';

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
    @Info() info: GraphQLResolveInfo,
  ): Promise<DeviceChangeConnection | null> {
    if (device.isIdentityOnly) return null;
    return await withDeviceId(device.id, async () => {
      const paging = { first: first ?? DEFAULT_CHANGES, after: after ?? null };
      const request = { ...paging, withValues: selectsValues(info) };
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

  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Brings settings of an earlier version back and returns the device: an ordinary update, by the rules and to the model of now, at a new version. After a replacement of the hardware MAC address and serial number stay unless paths names them. ' +
      'Errors: those of updateNetworkDevice; INVALID_VALUE also for a version whose settings are not known, are not kept any more, or are of a customer whose devices the viewer may not read.',
  })
  async revertNetworkDevice(
    @DeviceIdArg() id: string,
    @Arg('toVersion', () => Int, {
      description: 'The version whose settings come back: from 1 to the one before that of the device.',
    })
    toVersion: number,
    @Arg('paths', () => [String], {
      nullable: true,
      description:
        'Only these settings, by the dotted paths of DeviceUpdateInput, e.g. "wifi.ssid" or "dhcp"; all when absent, none for an empty list, at most 100. With the version before a change and its paths that one change is undone.',
    })
    paths: string[] | null | undefined,
    @ExpectedVersionArg('the revert') expectedVersion: number | null | undefined,
    @DryRunArg() dryRun: boolean | null,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const args = { toVersion, paths: paths ?? null, expectedVersion };
    const call = { mutation: 'revertNetworkDevice', id, args, idempotencyKey, dryRun };
    return await mutateDevice(context, call, async (viewer, request) => {
      return await revertNetworkDevice(context.parts, viewer, { ...request, ...args });
    });
  }
}
