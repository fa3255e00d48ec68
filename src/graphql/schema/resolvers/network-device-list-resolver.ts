import type { GraphQLError, GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Ctx, FieldResolver, ID, Info, Int, Query, Resolver, Root } from 'type-graphql';
import { taken } from '../../../domain/taken.js';
import { countNetworkDevices } from '../../../operations/count-network-devices.js';
import { deviceCursorOf } from '../../../operations/paging.js';
import { readNetworkDeviceConnection, readNetworkDevices } from '../../../operations/read-network-devices.js';
import { eachAtItsPlace } from './at-its-place.js';
import { deviceSelectionIn } from './device-selection.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { holdUntilAnswered } from '../../request/held-lists.js';
import { NetworkDeviceFilter, toDeviceFilter } from '../inputs/network-device-filter.js';
import { NetworkDeviceOrder, toDeviceOrder } from '../inputs/network-device-order.js';
import { PageArgs } from '../inputs/page-args.js';
import { NetworkDeviceConnection } from '../types/connection.js';
import { NetworkDeviceCounts } from '../types/network-device-counts.js';
import { NetworkDevice } from '../types/network-device.js';

@Resolver(() => NetworkDeviceConnection)
export class NetworkDeviceListResolver {
  @Query(() => [NetworkDevice], {
    nullable: 'itemsAndList',
    description:
      'Devices by their ids, for portals: same length and order, null where one is missing or out of reach. Errors: INVALID_VALUE for more than 1000 ids.',
  })
  async networkDevices(
    @Arg('ids', () => [ID], { description: 'Ids of devices, at most 1000.' }) ids: string[],
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<(NetworkDevice | GraphQLError | null)[]> {
    const viewer = requireViewer(context);
    const { deviceLists } = context.parts;
    const views = await readNetworkDevices(deviceLists, viewer, ids, 'ids', deviceSelectionIn(info));
    const devices = eachAtItsPlace(taken(views), context, (view) => new NetworkDevice(view));
    holdUntilAnswered(context, devices);
    return devices;
  }

  @Query(() => NetworkDeviceConnection, {
    nullable: true,
    description:
      'The devices within reach that fit a filter, page by page. Errors: INVALID_VALUE for page arguments and filters that make no sense.',
  })
  async networkDeviceConnection(
    @Arg('filter', () => NetworkDeviceFilter, {
      nullable: true,
      description: 'Which devices; all when absent.',
    })
    filter: NetworkDeviceFilter | null | undefined,
    @Arg('orderBy', () => NetworkDeviceOrder, {
      nullable: true,
      description: 'The order of the list; absent that of ids. A cursor belongs to the order that it is of.',
    })
    orderBy: NetworkDeviceOrder | null | undefined,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<NetworkDeviceConnection> {
    const viewer = requireViewer(context);
    const { deviceLists } = context.parts;
    const order = toDeviceOrder(orderBy);
    const selection = deviceSelectionIn(info);
    const request = { filter: toDeviceFilter(filter), order, page, selection };
    const found = await readNetworkDeviceConnection(deviceLists, viewer, request);
    const listed = taken(found.nodes);
    const devices = eachAtItsPlace(
      listed.map(({ view }) => view),
      context,
      (view) => new NetworkDevice(view),
    );
    const nodes = listed.map(({ place }, index) => ({
      cursor: deviceCursorOf(place, order),
      node: devices[index] ?? null,
    }));
    const connection = new NetworkDeviceConnection({ ...found, nodes }, found.count);
    holdUntilAnswered(context, connection.nodes, connection.edges);
    return connection;
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'How many devices fit the filter, all pages together.',
  })
  async totalCount(@Root() connection: NetworkDeviceConnection): Promise<number> {
    return await connection.count();
  }

  @Query(() => NetworkDeviceCounts, {
    nullable: true,
    description:
      'How many devices within reach fit a filter, all and by what they are. Errors: INVALID_VALUE for filters that make no sense.',
  })
  async networkDeviceCounts(
    @Arg('filter', () => NetworkDeviceFilter, {
      nullable: true,
      description: 'Which devices; all when absent.',
    })
    filter: NetworkDeviceFilter | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<NetworkDeviceCounts> {
    const viewer = requireViewer(context);
    const counts = await countNetworkDevices(context.parts.deviceLists, viewer, toDeviceFilter(filter));
    return new NetworkDeviceCounts(counts);
  }
}
