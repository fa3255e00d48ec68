import { readFile } from 'node:fs/promises';
import { composeServices } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { graphql, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDevice, type TestDevice } from '../support/fleet.js';
import { newId } from '../support/gateway.js';
import { metricsOf } from '../support/metrics.js';
import { inThousands } from './examples/portals/in-thousands.js';
import { stitchPortal } from './examples/portals/stitch.js';
import { startWorld, type World } from './world.js';

const TICKETS = '{ tickets { title device { name customer { name } wifi { ssid } } } }';

let world: World;
let foreign: TestDevice;
let ids: readonly string[];
beforeAll(async () => {
  world = await startWorld();
  foreign = await createDevice(world.gateway);
  ids = [world.kitchen.id, world.office.id, foreign.id, newId()];
});
afterAll(async () => {
  await world.gateway.stop();
});

const tickets = () => ids.map((id) => ({ title: `Ticket of ${id}`, device: { id } }));

/** What every portal shows: both routers, and nothing in place of what is out of reach or missing. */
const shown = () => {
  const device = (name: string | null) => ({
    device:
      name === null
        ? null
        : { name, customer: { name: `Customer ${world.kitchen.customer}` }, wifi: { ssid: 'SkyNet' } },
  });
  return { tickets: [device('Kitchen'), device('Office'), device(null), device(null)] };
};

/** A device of which nothing is known may be there with nothing but nulls: that is up to the portal. */
const withoutShells = (data: unknown): unknown =>
  JSON.parse(JSON.stringify(data).replaceAll('{"name":null,"customer":null,"wifi":null}', 'null'));

const requests = async (): Promise<number> =>
  (await metricsOf(world.gateway)).get(
    'http_request_duration_seconds_count{method="POST",route="/graphql",status="2xx"}',
  ) ?? 0;

/** A subgraph of tickets, and the supergraph of both. */
async function compose(): Promise<{ readonly supergraphSdl: string; readonly stop: () => Promise<void> }> {
  const typeDefs = parse(
    await readFile(new URL('./examples/portals/tickets.graphql', import.meta.url), 'utf8'),
  );
  const server = new ApolloServer({
    schema: buildSubgraphSchema({ typeDefs, resolvers: { Query: { tickets } } }),
  });
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
  const { data } = await world.gateway.query('{ _service { sdl } }');
  const { sdl } = z.object({ _service: z.object({ sdl: z.string() }) }).parse(data)._service;
  const { supergraphSdl, errors } = composeServices([
    { name: 'devices', url: world.url, typeDefs: parse(sdl) },
    { name: 'tickets', url, typeDefs },
  ]);
  if (supergraphSdl === undefined) throw new Error(String(errors));
  return { supergraphSdl, stop: async () => await server.stop() };
}

describe('Apollo Gateway', () => {
  it('joins devices that another subgraph names, all by one request', async () => {
    const { supergraphSdl, stop } = await compose();
    const gateway = new ApolloGateway({
      supergraphSdl,
      buildService: ({ url }) =>
        new RemoteGraphQLDataSource({
          ...(url !== undefined && { url }),
          willSendRequest: ({ request }) =>
            request.http?.headers.set('authorization', `Bearer ${world.token}`),
        }),
    });
    const portal = new ApolloServer({ gateway });
    await portal.start();
    const before = await requests();
    const { body } = await portal.executeOperation({ query: TICKETS });
    if (body.kind !== 'single') throw new Error('One answer was expected.');
    expect(body.singleResult.errors).toBeUndefined();
    expect(withoutShells(body.singleResult.data)).toMatchObject(shown());
    expect(await requests()).toBe(before + 1);
    await portal.stop();
    await stop();
  });
});

describe('Hive Gateway', () => {
  it('joins devices that another subgraph names, all by one request', async () => {
    const { supergraphSdl, stop } = await compose();
    const portal = createGatewayRuntime({
      supergraph: supergraphSdl,
      logging: false,
      propagateHeaders: {
        fromClientToSubgraphs: ({ request }) => ({
          authorization: request.headers.get('authorization') ?? '',
        }),
      },
    });
    const before = await requests();
    const response = await portal.fetch('http://portal.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${world.token}` },
      body: JSON.stringify({ query: TICKETS }),
    });
    const { data, errors } = z
      .object({ data: z.unknown(), errors: z.unknown().optional() })
      .parse(await response.json());
    expect(errors).toBeUndefined();
    expect(withoutShells(data)).toMatchObject(shown());
    expect(await requests()).toBe(before + 1);
    await portal[Symbol.asyncDispose]();
    await stop();
  });
});

describe('GraphQL Tools, stitching', () => {
  const { stitchingDirectivesTypeDefs } = stitchingDirectives();

  it('joins devices that another service names, all by one request', async () => {
    const own = makeExecutableSchema({
      typeDefs: `${stitchingDirectivesTypeDefs}
        type Query { tickets: [Ticket] }
        type Ticket { title: String device: NetworkDevice }
        type NetworkDevice { id: ID! }`,
      resolvers: { Query: { tickets } },
    });
    const schema = await stitchPortal(world.url, world.token, own);
    const before = await requests();
    const { data, errors } = await graphql({ schema, source: TICKETS });
    expect(errors).toBeUndefined();
    expect(withoutShells(data)).toMatchObject(shown());
    expect(await requests()).toBe(before + 1);
  });

  it('joins customers in a batch', async () => {
    const { customer } = world.kitchen;
    const own = makeExecutableSchema({
      typeDefs: `${stitchingDirectivesTypeDefs}
        type Query { invoices: [Invoice] }
        type Invoice { customer: Customer }
        type Customer { id: ID! }`,
      resolvers: {
        Query: { invoices: () => [customer, foreign.customer, customer].map((id) => ({ customer: { id } })) },
      },
    });
    const schema = await stitchPortal(world.url, world.token, own);
    const before = await requests();
    const { data, errors } = await graphql({ schema, source: '{ invoices { customer { id name } } }' });
    expect(errors).toBeUndefined();
    const named = { customer: { id: customer, name: `Customer ${customer}` } };
    const nameless = { customer: { id: foreign.customer, name: null } };
    expect(JSON.parse(JSON.stringify(data))).toEqual({ invoices: [named, nameless, named] });
    expect(await requests()).toBe(before + 1);
  });

  it('asks for more than 1,000 devices in several requests', async () => {
    const query = 'query ($ids: [ID!]!) { networkDevices(ids: $ids) { id } }';
    const many = [...Array.from({ length: 1_500 }, newId), world.kitchen.id];
    const ask = async (some: readonly string[]): Promise<readonly unknown[]> => {
      const { data, errors } = await world.gateway.query(query, {
        token: world.token,
        variables: { ids: some },
      });
      expect(errors).toEqual([]);
      return z.object({ networkDevices: z.array(z.unknown()) }).parse(data).networkDevices;
    };
    const found = await inThousands(many, ask);
    expect(found).toHaveLength(1_501);
    expect(found.at(-1)).toEqual({ id: world.kitchen.id });
    const refused = await world.gateway.query(query, { token: world.token, variables: { ids: many } });
    expect(refused.errors[0]?.extensions.code).toBe('INVALID_VALUE');
  });
});
