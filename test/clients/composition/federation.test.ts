import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { composeServices as composeByApollo } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { composeServices as composeByGuild } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, startTestGateway, type TestGateway } from '../../support/gateway.js';

const TICKETS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.4", import: ["@key", "@shareable"])
  type Query { tickets: [Ticket!] }
  type Ticket { title: String device: NetworkDevice }
  type NetworkDevice @key(fields: "id") { id: ID! openTickets: Int }
  type Customer @key(fields: "id") { id: ID! name: String @shareable loyalty: Int }`;

const serviceSdl = z.object({ _service: z.object({ sdl: z.string() }) });

describe('Federation 2: one subgraph of many, with the access rules in force', () => {
  let gateway: TestGateway;
  let sdl: string;
  beforeAll(async () => {
    gateway = await startTestGateway();
    const { data } = await gateway.query('{ _service { sdl } }');
    ({ sdl } = serviceSdl.parse(data)._service);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const services = () => [
    { name: 'devices', url: gateway.url, typeDefs: parse(sdl) },
    { name: 'tickets', url: 'http://tickets.invalid', typeDefs: parse(TICKETS) },
  ];

  it.each([
    ["Apollo's composer", composeByApollo],
    ["The Guild's composer", composeByGuild],
  ])('%s accepts us beside a second subgraph', (_, compose) => {
    const { errors, supergraphSdl } = compose(services());
    expect(errors ?? []).toEqual([]);
    expect(supergraphSdl).toContain('NetworkDevice');
  });

  describe('through a real gateway', () => {
    let devices: TestDevice[];
    let foreign: TestDevice;
    let token: string;
    let tickets: ApolloServer;
    let supergraph: ApolloServer;

    beforeAll(async () => {
      const customer = await createCustomer(gateway);
      devices = [
        await createDevice(gateway, { customer, name: 'One' }),
        await createDevice(gateway, { customer, name: 'Two' }),
      ];
      foreign = await createDevice(gateway);
      token = await gateway.token('MANAGER', customer);
      const ids = [...devices.map(({ id }) => id), foreign.id, newId()];
      tickets = new ApolloServer({
        schema: buildSubgraphSchema({
          typeDefs: parse(TICKETS),
          resolvers: {
            Query: { tickets: () => ids.map((id) => ({ title: `Ticket of ${id}`, device: { id } })) },
            NetworkDevice: { openTickets: () => 1 },
          },
        }),
      });
      const { url } = await startStandaloneServer(tickets, { listen: { port: 0, host: '127.0.0.1' } });
      const { supergraphSdl, errors } = composeByApollo([
        { name: 'devices', url: gateway.url, typeDefs: parse(sdl) },
        { name: 'tickets', url, typeDefs: parse(TICKETS) },
      ]);
      if (supergraphSdl === undefined) throw new Error(String(errors));
      supergraph = new ApolloServer({
        gateway: new ApolloGateway({
          supergraphSdl,
          buildService: ({ url: target }) =>
            new RemoteGraphQLDataSource({
              ...(target !== undefined && { url: target }),
              willSendRequest: ({ request }) => request.http?.headers.set('authorization', `Bearer ${token}`),
            }),
        }),
      });
      await supergraph.start();
    });
    afterAll(async () => {
      await supergraph.stop();
      await tickets.stop();
    });

    const ask = async (query: string) => {
      const { body } = await supergraph.executeOperation({ query });
      if (body.kind !== 'single') throw new Error('One answer was expected.');
      return body.singleResult;
    };

    it('entities of another subgraph get our fields; one out of reach is null without an error', async () => {
      const { data, errors } = await ask(
        '{ tickets { title device { id name customer { name } openTickets } } }',
      );
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({
        tickets: [
          { device: { name: 'One', openTickets: 1 } },
          { device: { name: 'Two', openTickets: 1 } },
          { device: { id: foreign.id, name: null } },
          { device: { name: null } },
        ],
      });
    });

    it('a mutation carries its REST code to the client', async () => {
      const [first, second] = devices;
      const { errors } = await ask(
        `mutation { updateNetworkDevice(id: "${first?.id ?? ''}", input: { macAddress: "${second?.macAddress ?? ''}" }) { id } }`,
      );
      expect(errors).toMatchObject([
        { extensions: { code: 'MAC_ADDRESS_IN_USE', rest: { code: 422, message: 'macAddress' } } },
      ]);
    });
  });
});
