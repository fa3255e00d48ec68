import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { viewerOf } from '../../../auth/credential.js';
import { GatewayError } from '../../../errors/gateway-error.js';
import { type ChangeView, watchNetworkDevices } from '../../../operations/watch-network-devices.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { NetworkDevice } from '../types/network-device.js';

/** What TypeGraphQL hands to the function that starts a subscription. */
interface SubscribeData {
  readonly args: { readonly ids?: string[] | null; readonly customer?: string | null };
  readonly context: GatewayContext;
}

@Resolver(() => NetworkDevice)
export class NetworkDeviceSubscriptionResolver {
  @Subscription(() => NetworkDevice, {
    subscribe: ({ args: { ids, customer }, context }: SubscribeData) => {
      requireViewer(context);
      return watchNetworkDevices(
        context.parts.changes,
        // A subscription outlives its start, and credentials may change meanwhile.
        () => viewerOf(context.credential),
        { ids: ids === null ? undefined : ids, customer: customer === null ? undefined : customer },
        context.lifetime,
      );
    },
    nullable: true,
    description:
      'A device within reach, after each committed change of it: settings, state, jobs and status. Several changes at once may show the same, newest state. ' +
      'Errors: INVALID_VALUE for more than 1000 ids, OVERLOADED for too many subscriptions or watched devices of one subject; it ends with UNAUTHENTICATED when the token does, with OVERLOADED when changes are taken too slowly, ' +
      'with DATABASE_UNAVAILABLE when changes were missed: subscribe again and read anew.',
  })
  networkDeviceChanged(
    @Root() view: ChangeView,
    @Arg('ids', () => [ID], {
      nullable: true,
      description: 'Only devices of these ids, at most 1000; none when empty, any when absent.',
    })
    _ids: string[] | null | undefined,
    @Arg('customer', () => ID, {
      nullable: true,
      description: 'Only devices of the customer of this id; of any when absent.',
    })
    _customer: string | null | undefined,
  ): NetworkDevice {
    if (view instanceof GatewayError) throw view;
    return new NetworkDevice(view);
  }
}
