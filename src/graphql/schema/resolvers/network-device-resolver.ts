import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { DeviceIdArg, DryRunArg, ExpectedVersionArg } from '../inputs/device-args.js';
import { shownId } from '../../../domain/id.js';
import { withDeviceId } from '../../../errors/with-device-id.js';
import { readNetworkDevice } from '../../../operations/read-network-device.js';
import { updateNetworkDevice } from '../../../operations/update-network-device.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceUpdateInput } from '../inputs/device-update-input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { toDevicePatch } from '../../../domain/device-input.js';
import { NetworkDevice } from '../types/network-device.js';
import { mutateDevice } from './device-mutation.js';

@Resolver(() => NetworkDevice)
export class NetworkDeviceResolver {
  @Query(() => NetworkDevice, {
    nullable: true,
    description:
      'One device by its id. Errors: ACCESS_DENIED when it is missing or out of reach, NOT_FOUND to ADMIN.',
  })
  async networkDevice(@DeviceIdArg() id: string, @Ctx() context: GatewayContext): Promise<NetworkDevice> {
    return await withDeviceId(shownId(id), async () => {
      const viewer = requireViewer(context);
      return new NetworkDevice(await readNetworkDevice(context.parts.devices, viewer, id));
    });
  }

  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Changes a device and returns it as written. Absent leaves a value, null clears it, a value sets it; all or nothing. ' +
      'Errors: ACCESS_DENIED, INVALID_VALUE and MAC_ADDRESS_IN_USE with every violation, VERSION_CONFLICT, DEVICE_DELETING, IDEMPOTENCY_KEY_REUSED.',
  })
  async updateNetworkDevice(
    @DeviceIdArg() id: string,
    @Arg('input', () => DeviceUpdateInput, { description: 'What to change.' }) input: DeviceUpdateInput,
    @ExpectedVersionArg('the update') expectedVersion: number | null | undefined,
    @DryRunArg() dryRun: boolean | null,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const args = { input, expectedVersion };
    const call = { mutation: 'updateNetworkDevice', id, args, idempotencyKey, dryRun };
    return await mutateDevice(context, call, async (viewer, request) => {
      const change = { ...request, patch: toDevicePatch(input), expectedVersion };
      return await updateNetworkDevice(context.parts, viewer, change);
    });
  }
}
