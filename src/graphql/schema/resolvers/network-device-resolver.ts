import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { DeviceIdArg, DryRunArg, ExpectedVersionArg } from '../inputs/device-args.js';
import { shownId } from '../../../domain/id.js';
import { withDeviceId } from '../../../errors/with-device-id.js';
import { readNetworkDevice } from '../../../operations/read-network-device.js';
import { onceOnly } from '../../../operations/once-only.js';
import { updateNetworkDevice } from '../../../operations/update-network-device.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceUpdateInput } from '../inputs/device-update-input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { toDevicePatch } from '../../../domain/device-input.js';
import { NetworkDevice } from '../types/network-device.js';

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
    return await withDeviceId(shownId(id), async () => {
      const viewer = requireViewer(context);
      const isDry = dryRun === true;
      const view = await updateNetworkDevice(context.parts, viewer, {
        id,
        patch: toDevicePatch(input),
        expectedVersion,
        dryRun: isDry,
        requestId: context.requestId,
        once: onceOnly(idempotencyKey, isDry, 'updateNetworkDevice', { id, input, expectedVersion }),
      });
      return new NetworkDevice(view);
    });
  }
}
