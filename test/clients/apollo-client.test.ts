import { type ApolloClient, gql, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCache } from './examples/apollo/cache.js';
import { createApolloClient } from './examples/apollo/client.js';
import { rename } from './examples/apollo/rename.js';
import { SseLink } from './examples/apollo/sse-link.js';
import { createPersistingClient } from './examples/persisted-queries/link.js';
import { KITCHEN_IP, OFFICE_IP, startWorld, type World } from './world.js';

interface Router {
  readonly id: string;
  readonly name: string;
  readonly dhcp: { readonly reservedClients: readonly { readonly ip: string }[] };
}

const DEVICES = (key: string): TypedDocumentNode<{ readonly networkDevices: readonly Router[] }> => gql`
  query Devices($ids: [ID!]!) {
    networkDevices(ids: $ids) { id name dhcp { reservedClients { ${key} ip } } }
  }`;

const NAME: TypedDocumentNode<{ readonly networkDevice: { readonly name: string } }> = gql`
  query Name($id: ID!) {
    networkDevice(id: $id) {
      id
      name
      version
    }
  }
`;

const WATCH: TypedDocumentNode<{ readonly networkDeviceChanged: { readonly name: string } }> = gql`
  subscription Watch($ids: [ID!]) {
    networkDeviceChanged(ids: $ids) {
      id
      name
    }
  }
`;

describe('Apollo Client', () => {
  let world: World;
  let client: ApolloClient;
  beforeAll(async () => {
    world = await startWorld();
    client = createApolloClient(world);
  });
  afterAll(async () => {
    client.stop();
    await world.gateway.stop();
  });

  const cachedIps = async (cache: InMemoryCache, key: string): Promise<readonly unknown[]> => {
    const query = DEVICES(key);
    const variables = { ids: [world.kitchen.id, world.office.id] };
    const { data } = await client.query({ query, variables, fetchPolicy: 'no-cache' });
    cache.writeQuery({ query, variables, data: data ?? { networkDevices: [] } });
    const read = cache.readQuery({ query, variables });
    return (read?.networkDevices ?? []).map(({ dhcp }) => dhcp.reservedClients[0]?.ip);
  };

  it('keeps the reservations of two devices apart, by reservationId with its defaults and by id with our cache', async () => {
    expect(await cachedIps(new InMemoryCache(), 'reservationId')).toEqual([KITCHEN_IP, OFFICE_IP]);
    expect(await cachedIps(createCache(), 'id')).toEqual([KITCHEN_IP, OFFICE_IP]);
  });

  it('puts pages of a connection together', async () => {
    const query: TypedDocumentNode<{
      readonly networkDeviceConnection: {
        readonly edges: readonly { readonly node: { readonly name: string } }[];
        readonly pageInfo: { readonly endCursor: string };
      };
    }> = gql`
      query Page($after: String) {
        networkDeviceConnection(first: 1, after: $after) {
          edges {
            cursor
            node {
              id
              name
            }
          }
          pageInfo {
            endCursor
            hasNextPage
            startCursor
            hasPreviousPage
          }
        }
      }
    `;
    const page = client.watchQuery({ query });
    const first = await page.refetch();
    await page.fetchMore({
      variables: { after: first.data?.networkDeviceConnection.pageInfo.endCursor },
    });
    const edges = client.readQuery({ query })?.networkDeviceConnection.edges ?? [];
    expect(edges.map(({ node }) => node.name)).toEqual(['Kitchen', 'Office']);
  });

  it('shows a change at once, and takes it back when it is refused', async () => {
    const { id } = world.kitchen;
    const seen: unknown[] = [];
    const watching = client
      .watchQuery({ query: NAME, variables: { id } })
      .subscribe(({ data, dataState }) => {
        if (dataState === 'complete') seen.push(data.networkDevice.name);
      });
    await expect.poll(() => seen).toEqual(['Kitchen']);
    const done = rename(client, id, ' Pantry ');
    await expect.poll(() => seen).toContain(' Pantry ');
    expect(await done).toBeUndefined();
    await expect.poll(() => seen).toEqual(['Kitchen', ' Pantry ', 'Pantry']);
    expect(await rename(client, id, 'x'.repeat(101))).toMatch(/^INVALID_VALUE: /);
    await expect.poll(() => seen.at(-1)).toBe('Pantry');
    expect(seen).toContain('x'.repeat(101));
    watching.unsubscribe();
  });

  it('hears of changes over WebSocket, which update its cache', async () => {
    const { office } = world;
    const names: unknown[] = [];
    const watching = client
      .subscribe({ query: WATCH, variables: { ids: [office.id] } })
      .subscribe(({ data }) => names.push(data?.networkDeviceChanged.name));
    await world.renameWhenWatched(office, 'Study');
    await expect.poll(() => names).toEqual(['Study']);
    const { data } = await client.query({ query: NAME, variables: { id: office.id } });
    expect(data?.networkDevice.name).toBe('Study');
    watching.unsubscribe();
  });

  it('hears of changes by server-sent events', async () => {
    const streaming = createApolloClient(world, new SseLink(world));
    const names: unknown[] = [];
    const watching = streaming
      .subscribe({ query: WATCH, variables: { ids: [world.office.id] } })
      .subscribe(({ data }) => names.push(data?.networkDeviceChanged.name));
    await world.renameWhenWatched(world.office, 'Library');
    await expect.poll(() => names).toEqual(['Library']);
    watching.unsubscribe();
  });

  it('sends hashes in place of documents, by GET', async () => {
    const urls: string[] = [];
    const persisting = createPersistingClient(world.url, world.token, async (input, init) => {
      urls.push(String(input));
      return await fetch(input, init);
    });
    for (let round = 0; round < 2; round += 1) {
      const { data } = await persisting.query({
        query: NAME,
        variables: { id: world.kitchen.id },
        fetchPolicy: 'network-only',
      });
      expect(data?.networkDevice.name).toBe('Pantry');
    }
    expect(urls.at(-1)).toContain('sha256Hash');
    expect(urls.at(-1)).not.toContain('query=');
  });
});
