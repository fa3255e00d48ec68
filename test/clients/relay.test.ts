import {
  createOperationDescriptor,
  fetchQuery,
  getSelector,
  getSingularSelector,
  requestSubscription,
} from 'relay-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import refetchNode from './examples/relay/__generated__/deviceListDeviceQuery.graphql.js';
import deviceNode from './examples/relay/__generated__/deviceList_device.graphql.js';
import pageNode from './examples/relay/__generated__/deviceList_page.graphql.js';
import pageQueryNode from './examples/relay/__generated__/deviceListPageQuery.graphql.js';
import screenNode from './examples/relay/__generated__/deviceListScreenQuery.graphql.js';
import watchNode from './examples/relay/__generated__/deviceListWatchSubscription.graphql.js';
import { createEnvironment } from './examples/relay/environment.js';
import { KITCHEN_IP, OFFICE_IP, startWorld, type World } from './world.js';

const connection = z.object({
  networkDeviceConnection: z.object({
    edges: z.array(z.object({ node: z.looseObject({ id: z.string() }) })),
    pageInfo: z.object({ endCursor: z.string().nullable(), hasNextPage: z.boolean() }),
  }),
});

const router = z.object({
  name: z.string(),
  dhcp: z.object({ reservedClients: z.array(z.object({ ip: z.string() })) }),
});

describe('Relay', () => {
  const screen = createOperationDescriptor(pageQueryNode, { first: 1 });
  let world: World;
  let environment: ReturnType<typeof createEnvironment>;
  beforeAll(async () => {
    world = await startWorld();
    environment = createEnvironment(world.url, world.token);
    environment.retain(screen);
  });
  afterAll(async () => {
    await world.gateway.stop();
  });

  /** The page as a component would get it. */
  const page = () => {
    const selector = getSelector(pageNode, environment.lookup(screen.fragment).data);
    if (selector?.kind !== 'SingularReaderSelector') throw new Error('The page is not there.');
    return connection.parse(environment.lookup(selector).data).networkDeviceConnection;
  };
  /** A device of the page, as its component would get it. */
  const device = (index: number) => {
    const selector = getSingularSelector(deviceNode, page().edges[index]?.node);
    if (selector === null || selector === undefined) throw new Error('The device is not there.');
    return router.parse(environment.lookup(selector).data);
  };

  it('compiles against the schema, and reads a connection page after page', async () => {
    await fetchQuery(environment, pageQueryNode, { first: 1 }).toPromise();
    const names = () => page().edges.map((_, index) => device(index).name);
    expect(names()).toEqual(['Kitchen']);
    expect(page().pageInfo.hasNextPage).toBe(true);
    await fetchQuery(environment, pageQueryNode, { first: 1, after: page().pageInfo.endCursor }).toPromise();
    expect(names()).toEqual(['Kitchen', 'Office']);
    expect(page().pageInfo.hasNextPage).toBe(false);
    expect(await fetchQuery(environment, screenNode, {}).toPromise()).toBeDefined();
  });

  it('keeps the reservations of two devices apart', () => {
    const ips = [device(0), device(1)].map(({ dhcp }) => dhcp.reservedClients[0]?.ip);
    expect(ips).toEqual([KITCHEN_IP, OFFICE_IP]);
  });

  it('refetches a fragment by node(id)', async () => {
    await world.gateway.query(
      `mutation { updateNetworkDevice(id: "${world.kitchen.id}", input: { name: "Pantry" }) { id } }`,
      { token: world.token },
    );
    await fetchQuery(environment, refetchNode, { id: world.kitchen.id }).toPromise();
    expect(device(0).name).toBe('Pantry');
  });

  it('hears of changes over WebSocket, which update its store', async () => {
    const watching = requestSubscription(environment, {
      subscription: watchNode,
      variables: { ids: [world.office.id] },
    });
    await world.renameWhenWatched(world.office, 'Study');
    await expect.poll(() => device(1).name).toBe('Study');
    watching.dispose();
  });
});
