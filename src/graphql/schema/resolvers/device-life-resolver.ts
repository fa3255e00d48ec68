import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { DeviceIdArg, DryRunArg, ExpectedVersionArg } from '../inputs/device-args.js';
import { toDevicePatch } from '../../../domain/device-input.js';
import { createNetworkDevice, ownCustomer } from '../../../operations/create-network-device.js';
import { deleteNetworkDevice } from '../../../operations/delete-network-device.js';
import { replaceNetworkDevice } from '../../../operations/replace-network-device.js';
import { onceOnly } from '../../../operations/once-only.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { DeviceCreateInput } from '../inputs/device-create-input.js';
import { DeviceReplaceInput, toHardware } from '../inputs/device-replace-input.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { NetworkDevice } from '../types/network-device.js';
import { mutateDevice } from './device-mutation.js';

@Resolver(() => NetworkDevice)
export class DeviceLifeResolver {
  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Creates a device and returns it. Access to the customer as for an update of its devices. With wifi or dhcp it is PROVISIONING and has one job, else ACTIVE. ' +
      'Errors: ACCESS_DENIED, INVALID_VALUE and MAC_ADDRESS_IN_USE with every violation, IDEMPOTENCY_KEY_REUSED.',
  })
  async createNetworkDevice(
    @Arg('input', () => DeviceCreateInput, { description: 'The device.' }) input: DeviceCreateInput,
    @DryRunArg('; its id names nothing') dryRun: boolean | null,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const viewer = requireViewer(context);
    const isDry = dryRun === true;
    const { customer: named, model = '', ...settings } = input;
    const customer = named ?? ownCustomer(viewer);
    const view = await createNetworkDevice(context.parts, viewer, {
      customer,
      model,
      patch: toDevicePatch(settings),
      dryRun: isDry,
      requestId: context.requestId,
      once: onceOnly(idempotencyKey, isDry, 'createNetworkDevice', {
        input: { ...settings, model, customer },
      }),
    });
    return new NetworkDevice(view);
  }

  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Deletes a device and returns it in state DELETING; it is gone when its removal has ended well. Access as for an update. Deleting it again queues another removal when the one before failed, and changes nothing while one is open. ' +
      'A repeat by its key when the device is gone answers with id and state. Errors: ACCESS_DENIED, VERSION_CONFLICT, IDEMPOTENCY_KEY_REUSED.',
  })
  async deleteNetworkDevice(
    @DeviceIdArg() id: string,
    @Arg('force', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'End the device at once, without asking it.',
    })
    force: boolean | null,
    @ExpectedVersionArg() expectedVersion: number | null | undefined,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const args = { force: force === true, expectedVersion };
    const call = { mutation: 'deleteNetworkDevice', id, args, idempotencyKey };
    return await mutateDevice(context, call, async (viewer, request) => {
      return await deleteNetworkDevice(context.parts, viewer, { ...request, ...args });
    });
  }

  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Puts other hardware in the place of a device and returns the device: id, name, notes and settings stay, and are sent to the new hardware as a whole. Access as for an update. ' +
      'Errors: ACCESS_DENIED, INVALID_VALUE, VALUE_NOT_PERMITTED and MAC_ADDRESS_IN_USE with every violation, VERSION_CONFLICT, DEVICE_DELETING, IDEMPOTENCY_KEY_REUSED.',
  })
  async replaceNetworkDevice(
    @DeviceIdArg() id: string,
    @Arg('input', () => DeviceReplaceInput, { description: 'The new hardware.' }) input: DeviceReplaceInput,
    @ExpectedVersionArg() expectedVersion: number | null | undefined,
    @DryRunArg() dryRun: boolean | null,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const args = { input, expectedVersion };
    const call = { mutation: 'replaceNetworkDevice', id, args, idempotencyKey, dryRun };
    return await mutateDevice(context, call, async (viewer, request) => {
      const hardware = toHardware(input);
      return await replaceNetworkDevice(context.parts, viewer, { ...request, ...hardware, expectedVersion });
    });
  }
}
