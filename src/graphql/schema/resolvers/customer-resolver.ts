import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { viewerOf } from '../../../auth/credential.js';
import { readCustomer, readCustomerConnection, readCustomers } from '../../../operations/read-customers.js';
import { syncCustomers } from '../../../operations/sync-customers.js';
import { type GatewayContext, requireViewer } from '../../request/context.js';
import { CustomerSyncInput, toCustomerPatch } from '../inputs/customer-sync-input.js';
import { PageArgs } from '../inputs/page-args.js';
import { CustomerConnection } from '../types/connection.js';
import { Customer } from '../types/customer.js';

@Resolver(() => CustomerConnection)
export class CustomerResolver {
  @Query(() => Customer, {
    nullable: true,
    description:
      'One customer by its id. Errors: ACCESS_DENIED when it is missing or out of reach, NOT_FOUND to ADMIN.',
  })
  async customer(
    @Arg('id', () => ID, { description: 'Id of the customer: 24 hex digits in any case.' }) id: string,
    @Ctx() context: GatewayContext,
  ): Promise<Customer> {
    const viewer = requireViewer(context);
    return new Customer(await readCustomer(context.parts.customerLists, viewer, id));
  }

  @Query(() => [Customer], {
    nullable: 'itemsAndList',
    description:
      'Customers by their ids, for portals: same length and order, null where one is missing or out of reach. Errors: INVALID_VALUE for more than 1000 ids.',
  })
  async customers(
    @Arg('ids', () => [ID], { description: 'Ids of customers, at most 1000.' }) ids: string[],
    @Ctx() context: GatewayContext,
  ): Promise<(Customer | null)[]> {
    const viewer = requireViewer(context);
    const found = await readCustomers(context.parts.customerLists, viewer, ids, 'ids');
    return found.map((customer) => customer && new Customer(customer));
  }

  @Query(() => CustomerConnection, {
    nullable: true,
    description:
      'The customers within reach, page by page in order of id. Errors: INVALID_VALUE for page arguments that make no sense.',
  })
  async customerConnection(
    @Arg('search', () => String, {
      nullable: true,
      description: "Part of the customer's name, in any case and spelling (Unicode): at most 100 characters.",
    })
    search: string | null | undefined,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: GatewayContext,
  ): Promise<CustomerConnection> {
    const viewer = requireViewer(context);
    const { customerLists } = context.parts;
    const found = await readCustomerConnection(customerLists, viewer, search ?? null, page);
    return new CustomerConnection(
      { ...found, nodes: found.nodes.map((customer) => new Customer(customer)) },
      found.count,
    );
  }

  @Mutation(() => [Customer], {
    nullable: 'itemsAndList',
    description:
      'Inserts or changes customers as the platform has them, all or nothing; reach follows at once. For ADMIN and tokens with the scope customer:sync, which are shown what they sent and no more. ' +
      'Errors: ACCESS_DENIED, INVALID_VALUE with every violation.',
  })
  async syncCustomers(
    @Arg('customers', () => [CustomerSyncInput], {
      description: 'Customers, from 1 to 500, in any order; each once.',
    })
    customers: CustomerSyncInput[],
    @Ctx() context: GatewayContext,
  ): Promise<Customer[]> {
    // A token with the scope alone has no level, and may nothing but this.
    const viewer = viewerOf(context.credential);
    const synced = await syncCustomers(
      context.parts,
      viewer,
      customers.map(toCustomerPatch),
      context.requestId,
    );
    return synced.map((customer) => new Customer(customer));
  }

  @FieldResolver(() => Int, { nullable: true, description: 'How many customers fit, all pages together.' })
  async totalCount(@Root() connection: CustomerConnection): Promise<number> {
    return await connection.count();
  }
}
