import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { Customer } from '../types/customer.js';
import { Viewer } from '../types/viewer.js';

@Resolver(() => Viewer)
export class ViewerResolver {
  @Query(() => Viewer, {
    nullable: true,
    description: 'Whoever stands behind the access token of the request.',
  })
  viewer(@Ctx() context: GatewayContext): Viewer {
    return new Viewer(requireViewer(context));
  }

  @FieldResolver(() => Customer, { nullable: true, description: 'Customer that the employee belongs to.' })
  async customer(@Root() { customerId }: Viewer, @Ctx() { parts }: GatewayContext): Promise<Customer | null> {
    const customer = customerId === null ? null : await parts.catalog.findCustomer(customerId);
    return customer && new Customer(customer);
  }
}
