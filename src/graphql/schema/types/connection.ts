import type { GraphQLError } from 'graphql';
import { Field, ObjectType } from 'type-graphql';
import { cursorOf, type Page } from '../../../operations/paging.js';
import { Customer } from './customer.js';
import { NetworkDevice } from './network-device.js';

@ObjectType({ description: "Where a page stands in its list (Relay's PageInfo).", simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more records follow.' })
  readonly hasNextPage: boolean;

  @Field(() => Boolean, { description: 'Whether there are records before.' })
  readonly hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first record; null on an empty page.' })
  readonly startCursor: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last record; null on an empty page.' })
  readonly endCursor: string | null;

  constructor(
    { hasNextPage, hasPreviousPage }: Omit<Page<unknown>, 'nodes'>,
    edges: readonly { readonly cursor: string }[],
  ) {
    this.hasNextPage = hasNextPage;
    this.hasPreviousPage = hasPreviousPage;
    this.startCursor = edges.at(0)?.cursor ?? null;
    this.endCursor = edges.at(-1)?.cursor ?? null;
  }
}

/** A device on a page; an error stands in the place of one that cannot be read. */
interface PlacedDevice {
  /** Of the device in the list's order. */
  readonly cursor: string;
  readonly node: NetworkDevice | GraphQLError | null;
}

@ObjectType({ description: 'A device and its place in a list.', simpleResolvers: true })
export class NetworkDeviceEdge {
  @Field(() => String, { description: 'Opaque place of the device, for `after` and `before`.' })
  readonly cursor: string;

  @Field(() => NetworkDevice, { nullable: true, description: 'The device.' })
  readonly node: NetworkDevice | GraphQLError | null;

  constructor({ cursor, node }: PlacedDevice) {
    this.cursor = cursor;
    this.node = node;
  }
}

/** Its totalCount is resolved when it is asked for, by NetworkDeviceListResolver. */
@ObjectType({ description: 'A page of devices, in the order of orderBy.', simpleResolvers: true })
export class NetworkDeviceConnection {
  @Field(() => [NetworkDeviceEdge], {
    nullable: 'itemsAndList',
    description: 'The devices with their cursors.',
  })
  readonly edges: NetworkDeviceEdge[];

  @Field(() => [NetworkDevice], { nullable: 'itemsAndList', description: 'The devices.' })
  readonly nodes: (NetworkDevice | GraphQLError | null)[];

  @Field(() => PageInfo, { description: 'Where the page stands in its list.' })
  readonly pageInfo: PageInfo;

  constructor(
    page: Page<PlacedDevice>,
    readonly count: () => Promise<number>,
  ) {
    this.nodes = page.nodes.map(({ node }) => node);
    this.edges = page.nodes.map((placed) => new NetworkDeviceEdge(placed));
    this.pageInfo = new PageInfo(page, this.edges);
  }
}

@ObjectType({ description: 'A customer and its place in a list.', simpleResolvers: true })
export class CustomerEdge {
  @Field(() => String, { description: 'Opaque place of the customer, for `after` and `before`.' })
  readonly cursor: string;

  @Field(() => Customer, { nullable: true, description: 'The customer.' })
  readonly node: Customer;

  constructor(node: Customer) {
    this.cursor = cursorOf(node.id);
    this.node = node;
  }
}

/** Its totalCount is resolved when it is asked for, by CustomerResolver. */
@ObjectType({ description: 'A page of customers, in order of id.', simpleResolvers: true })
export class CustomerConnection {
  @Field(() => [CustomerEdge], { nullable: 'itemsAndList', description: 'The customers with their cursors.' })
  readonly edges: readonly CustomerEdge[];

  @Field(() => [Customer], { nullable: 'itemsAndList', description: 'The customers.' })
  readonly nodes: readonly Customer[];

  @Field(() => PageInfo, { description: 'Where the page stands in its list.' })
  readonly pageInfo: PageInfo;

  constructor(
    page: Page<Customer>,
    readonly count: () => Promise<number>,
  ) {
    this.nodes = page.nodes;
    this.edges = page.nodes.map((node) => new CustomerEdge(node));
    this.pageInfo = new PageInfo(page, this.edges);
  }
}
