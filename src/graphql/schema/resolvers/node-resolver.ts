import type { GraphQLError, GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, ID, Info, Query, Resolver } from 'type-graphql';
import { readNode } from '../../../operations/read-node.js';
import { eachAtItsPlace } from './at-its-place.js';
import { deviceSelectionIn } from './device-selection.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { Customer } from '../types/customer.js';
import { DeviceModel } from '../types/device-model.js';
import { NetworkDevice } from '../types/network-device.js';
import { Node } from '../types/node.js';

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description:
      'The device, customer or device model of an id, for clients that read an object again (Relay). Null, without an error, where it is missing, out of reach, or the id is none.',
  })
  async node(
    @Arg('id', () => ID, { description: 'Id of the object: 24 hex digits in any case.' }) id: string,
    @Ctx() context: GatewayContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Node | GraphQLError | null> {
    const node = await readNode(context.parts, requireViewer(context), id, deviceSelectionIn(info));
    switch (node?.type) {
      case undefined:
        return null;
      case 'NetworkDevice':
        return eachAtItsPlace([node.found], context, (view) => new NetworkDevice(view))[0] ?? null;
      case 'Customer':
        return new Customer(node.found);
      case 'DeviceModel':
        return new DeviceModel(node.found);
    }
  }
}
