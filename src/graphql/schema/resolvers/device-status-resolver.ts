import type { GraphQLError } from 'graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { viewerOf } from '../../../auth/credential.js';
import { reportDeviceStatus } from '../../../operations/report-device-status.js';
import { eachAtItsPlace } from './at-its-place.js';
import type { GatewayContext } from '../../request/context.js';
import { DeviceStatusReport, toDeviceReport } from '../inputs/device-status-report.js';
import { NetworkDevice } from '../types/network-device.js';

@Resolver()
export class DeviceStatusResolver {
  @Mutation(() => [NetworkDevice], {
    nullable: 'itemsAndList',
    description:
      'Takes in the status of devices: for ADMIN and tokens with the scope status:report, which get only id and version of devices that their level does not let them read. ' +
      'Returns for each report its device as it stands after all of them, in the same order; null where there is no such device. The version does not change. ' +
      'Errors: INVALID_VALUE with every violation at the place of a bad report, the others stand; for the whole ACCESS_DENIED, and INVALID_VALUE for none or more than 500 reports.',
  })
  async reportDeviceStatus(
    @Arg('reports', () => [DeviceStatusReport], {
      description: 'Reports, from 1 to 500; those of one device apply in their order, all in one statement.',
    })
    reports: DeviceStatusReport[],
    @Ctx() context: GatewayContext,
  ): Promise<(NetworkDevice | GraphQLError | null)[]> {
    // A token with the scope alone has no level, and may nothing but this.
    const viewer = viewerOf(context.credential);
    const answers = await reportDeviceStatus(context.parts, viewer, reports.map(toDeviceReport));
    return eachAtItsPlace(answers, context, (answer) => new NetworkDevice(answer));
  }
}
