import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import { DeviceIdArg } from '../inputs/device-args.js';
import type { ProvisioningJobState } from '../../../domain/provisioning-job.js';
import { withDeviceId } from '../../../errors/with-device-id.js';
import { readProvisioningJobs } from '../../../operations/read-provisioning-jobs.js';
import { retryProvisioning } from '../../../operations/retry-provisioning.js';
import type { GatewayContext } from '../../request/context.js';
import { ProvisioningJobStateEnum } from '../leaves/enums.js';
import { IdempotencyKeyArg } from '../inputs/idempotency-key-arg.js';
import { NetworkDevice } from '../types/network-device.js';
import { ProvisioningJob } from '../types/provisioning-job.js';
import { mutateDevice } from './device-mutation.js';

const DEFAULT_JOBS = 20;

@Resolver(() => NetworkDevice)
export class ProvisioningResolver {
  @FieldResolver(() => [ProvisioningJob], {
    nullable: true,
    description: 'Provisioning jobs of the device, the newest first.',
  })
  async provisioningJobs(
    @Root() device: NetworkDevice,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: DEFAULT_JOBS,
      description: 'How many: from 0 to 500.',
    })
    first: number | null,
    @Arg('state', () => [ProvisioningJobStateEnum], {
      nullable: true,
      description:
        'Only jobs in one of these states; all when absent, none for an empty list, at most 100 of them.',
    })
    states: ProvisioningJobState[] | null | undefined,
    @Ctx() { parts }: GatewayContext,
  ): Promise<ProvisioningJob[] | null> {
    if (device.isIdentityOnly) return null;
    return await withDeviceId(device.id, async () => {
      const request = { first: first ?? DEFAULT_JOBS, states: states ?? null };
      const jobs = await readProvisioningJobs(parts.findJobs, device.id, device.passwords, request);
      return jobs.map((job) => new ProvisioningJob(job));
    });
  }

  @Mutation(() => NetworkDevice, {
    nullable: true,
    description:
      'Sends the current settings of a device to it once more, and returns the device. Access as for an update. Errors: ACCESS_DENIED, DEVICE_DELETING, IDEMPOTENCY_KEY_REUSED.',
  })
  async retryProvisioning(
    @DeviceIdArg() id: string,
    @IdempotencyKeyArg() idempotencyKey: string | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDevice> {
    const call = { mutation: 'retryProvisioning', id, args: {}, idempotencyKey };
    return await mutateDevice(context, call, async (viewer, request) => {
      return await retryProvisioning(context.parts, viewer, request);
    });
  }
}
