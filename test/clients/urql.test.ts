import { gql, type TypedDocumentNode } from '@urql/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metricsOf } from '../support/metrics.js';
import { createUrqlClient } from './examples/urql/client.js';
import { KITCHEN_IP, OFFICE_IP, startWorld, type World } from './world.js';

interface Router {
  readonly id: string;
  readonly name: string;
  readonly dhcp: { readonly reservedClients: readonly { readonly ip: string }[] };
}

const DEVICES: TypedDocumentNode<
  { readonly networkDevices: readonly Router[] },
  { readonly ids: readonly string[] }
> = gql`
  query Devices($ids: [ID!]!) {
    networkDevices(ids: $ids) {
      id
      name
      dhcp {
        reservedClients {
          id
          ip
        }
      }
    }
  }
`;

const NAME: TypedDocumentNode<
  { readonly networkDevice: Pick<Router, 'id' | 'name'> },
  { readonly id: string }
> = gql`
  query Name($id: ID!) {
    networkDevice(id: $id) {
      id
      name
    }
  }
`;

const RENAME = gql`
  mutation Rename($id: ID!, $input: DeviceUpdateInput!) {
    updateNetworkDevice(id: $id, input: $input) {
      id
      name
    }
  }
`;

const WATCH = gql`
  subscription Watch($ids: [ID!]) {
    networkDeviceChanged(ids: $ids) {
      id
      name
    }
  }
`;

describe('urql', () => {
  let world: World;
  let client: ReturnType<typeof createUrqlClient>;
  beforeAll(async () => {
    world = await startWorld();
    client = createUrqlClient(world.url, world.token);
  });
  afterAll(async () => {
    await world.gateway.stop();
  });
  const answeredByGet = async (): Promise<number> =>
    (await metricsOf(world.gateway)).get(
      'http_request_duration_seconds_count{method="GET",route="/graphql",status="2xx"}',
    ) ?? 0;

  it('reads by GET, its default, and keeps the reservations of two devices apart', async () => {
    const ids = [world.kitchen.id, world.office.id];
    const { data, error } = await client.query(DEVICES, { ids }).toPromise();
    expect(error).toBeUndefined();
    expect(await answeredByGet()).toBe(1);
    const ipsOf = (routers: readonly Router[] = []) => routers.map(({ dhcp }) => dhcp.reservedClients[0]?.ip);
    expect(ipsOf(data?.networkDevices)).toEqual([KITCHEN_IP, OFFICE_IP]);
    expect(ipsOf(client.readQuery(DEVICES, { ids })?.data?.networkDevices)).toEqual([KITCHEN_IP, OFFICE_IP]);
  });

  it('finds a device of a list by its id without asking', async () => {
    const before = await answeredByGet();
    const { data } = await client.query(NAME, { id: world.office.id.toUpperCase() }).toPromise();
    expect(data?.networkDevice.name).toBe('Office');
    expect(await answeredByGet()).toBe(before);
  });

  it('shows a change at once, and takes it back when it is refused', async () => {
    const { id } = world.kitchen;
    const seen: unknown[] = [];
    const watching = client.query(NAME, { id }).subscribe(({ data }) => seen.push(data?.networkDevice.name));
    await expect.poll(() => seen.at(-1)).toBe('Kitchen');
    const done = client.mutation(RENAME, { id, input: { name: ' Pantry ' } }).toPromise();
    await expect.poll(() => seen).toContain(' Pantry ');
    expect((await done).error).toBeUndefined();
    await expect.poll(() => seen.at(-1)).toBe('Pantry');
    const refused = await client.mutation(RENAME, { id, input: { name: '' } }).toPromise();
    expect(refused.error?.graphQLErrors[0]?.extensions).toMatchObject({
      code: 'INVALID_VALUE',
      rest: { code: 422, message: 'name' },
    });
    await expect.poll(() => seen.at(-1)).toBe('Pantry');
    watching.unsubscribe();
  });

  it('hears of changes over WebSocket, which update its cache', async () => {
    const { office } = world;
    const names: unknown[] = [];
    const reading = client
      .query(NAME, { id: office.id })
      .subscribe(({ data }) => names.push(data?.networkDevice.name));
    const watching = client.subscription(WATCH, { ids: [office.id] }).subscribe(() => undefined);
    await world.renameWhenWatched(office, 'Study');
    await expect.poll(() => names.at(-1)).toBe('Study');
    reading.unsubscribe();
    watching.unsubscribe();
  });
});
