import { makeExecutableSchema } from '@graphql-tools/schema';
import { stitchingDirectives } from '@graphql-tools/stitching-directives';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCustomer, createDevice, type TestDevice } from '../../support/fleet.js';
import { newId, newMac, startTestGateway, type TestGateway } from '../../support/gateway.js';
import { touch } from '../../live/subscriber.js';
import { ask, type SentRequest, stitchedPortal, watch } from './portal.js';

const { stitchingDirectivesTypeDefs } = stitchingDirectives();

/** A service that extends NetworkDevice. */
const ticketCounts = makeExecutableSchema({
  typeDefs: `${stitchingDirectivesTypeDefs}
    type Query { ticketDevices(ids: [ID!]!): [NetworkDevice] @merge(keyField: "id") }
    type NetworkDevice { id: ID! openTickets: Int }`,
  resolvers: {
    Query: {
      ticketDevices: (_: unknown, { ids }: { ids: string[] }) => ids.map((id) => ({ id, openTickets: 2 })),
    },
  },
});

describe('a portal that stitches us needs the URL and nothing else', () => {
  let gateway: TestGateway;
  let reseller: string;
  let devices: TestDevice[];
  let foreign: TestDevice;
  const sent: SentRequest[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    reseller = await createCustomer(gateway);
    const customer = await createCustomer(gateway, reseller);
    devices = [];
    for (const name of ['One', 'Two', 'Three', 'Four', 'Five']) {
      devices.push(await createDevice(gateway, { customer, name }));
    }
    foreign = await createDevice(gateway);
  });
  afterAll(async () => {
    await gateway.stop();
  });
  beforeEach(() => {
    sent.length = 0;
  });

  const remote = async () => ({
    url: gateway.url,
    token: await gateway.token('RESELLER', reseller),
    sent,
  });

  it('a service whose Customer lists devices gets them all in one request, and one that is unreadable blanks nothing else', async () => {
    const ids = [...devices.map(({ id }) => id), foreign.id, newId()];
    const crm = makeExecutableSchema({
      typeDefs: `${stitchingDirectivesTypeDefs}
        type Query { myCustomer: CrmCustomer }
        type CrmCustomer { title: String devices: [NetworkDevice] }
        type NetworkDevice { id: ID! }`,
      resolvers: {
        Query: { myCustomer: () => ({ title: 'Bakery', devices: ids.map((id) => ({ id })) }) },
      },
    });
    const portal = await stitchedPortal(await remote(), crm);
    const { data, errors } = await ask(
      portal,
      '{ myCustomer { title devices { id name wifi { ssid } status { networkType } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      myCustomer: {
        title: 'Bakery',
        devices: [
          ...['One', 'Two', 'Three', 'Four', 'Five'].map((name) => ({
            name,
            wifi: { ssid: 'SkyNet' },
            status: { networkType: 'NR' },
          })),
          { id: foreign.id, name: null, wifi: null, status: null },
          { name: null },
        ],
      },
    });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.query.match(/networkDevices\(/g)).toHaveLength(1);
  });

  it('a service whose tickets name customers gets them all in one request', async () => {
    const { customer } = devices[0] ?? foreign;
    const tickets = makeExecutableSchema({
      typeDefs: `${stitchingDirectivesTypeDefs}
        type Query { tickets: [Ticket] }
        type Ticket { customer: Customer }
        type Customer { id: ID! }`,
      resolvers: {
        Query: { tickets: () => [customer, foreign.customer, reseller].map((id) => ({ customer: { id } })) },
      },
    });
    const portal = await stitchedPortal(await remote(), tickets);
    const { data, errors } = await ask(portal, '{ tickets { customer { id name } } }');
    expect(errors).toBeUndefined();
    const named = (id: string) => ({ customer: { id, name: `Customer ${id}` } });
    expect(data).toEqual({
      tickets: [named(customer), { customer: { id: foreign.customer, name: null } }, named(reseller)],
    });
    expect(sent).toHaveLength(1);
  });

  it('a service that extends NetworkDevice is asked beside us', async () => {
    const portal = await stitchedPortal(await remote(), ticketCounts);
    const { data, errors } = await ask(
      portal,
      '{ networkDeviceConnection(first: 500) { nodes { name openTickets model { name } } } }',
    );
    expect(errors).toBeUndefined();
    const names = ['One', 'Two', 'Three', 'Four', 'Five'];
    const byId = devices.map(({ id }, index) => ({ id, name: names[index] }));
    byId.sort((one, other) => (one.id < other.id ? -1 : 1));
    const nodes = byId.map(({ name }) => ({ name, openTickets: 2, model: { name: 'NX-510' } }));
    expect(data).toEqual({ networkDeviceConnection: { nodes } });
    expect(sent).toHaveLength(1);
  });

  it('a page of 500 devices is one request and one look-up', async () => {
    const customer = await createCustomer(gateway, reseller);
    const model = newId();
    const networkDevices = Array.from({ length: 500 }, (_, index) => ({
      id: newId(),
      customer,
      model,
      name: `Row ${index}`,
      macAddress: newMac(),
    }));
    const capabilities = { wifi: false, wifi2G: false, wifi5G: false, wifi6G: false, simSupport: false };
    await gateway.importFleet({
      deviceModels: [{ id: model, name: 'SG-3428', type: 'SWITCH', capabilities }],
      networkDevices,
    });
    const inventory = makeExecutableSchema({
      typeDefs: `${stitchingDirectivesTypeDefs}
        type Query { rack: [NetworkDevice] }
        type NetworkDevice { id: ID! }`,
      resolvers: { Query: { rack: () => networkDevices.map(({ id }) => ({ id })) } },
    });
    const portal = await stitchedPortal(await remote(), inventory);
    const { data, errors } = await ask(portal, '{ rack { name model { type } } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ rack: networkDevices.map(({ name }) => ({ name, model: { type: 'SWITCH' } })) });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.query.match(/networkDevices\(/g)).toHaveLength(1);
  });

  it('a coded error comes through the portal whole, REST code and all', async () => {
    const own = makeExecutableSchema({ typeDefs: 'type Query { hello: String }' });
    const portal = await stitchedPortal(await remote(), own);
    const [first, second] = devices;
    const mutation = `mutation { updateNetworkDevice(id: "${first?.id ?? ''}", input: { macAddress: "${second?.macAddress ?? ''}" }) { id } }`;
    const { errors } = await ask(portal, mutation);
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'MAC_ADDRESS_IN_USE',
          rest: { code: 422, message: 'macAddress' },
          deviceId: first?.id,
        },
      },
    ]);
  });

  it('a subscription of the portal hears of our changes, and both services answer for each', async () => {
    const portal = await stitchedPortal(await remote(), ticketCounts);
    const id = devices[0]?.id ?? '';
    const events = await watch(
      portal,
      `subscription { networkDeviceChanged(ids: ["${id}"]) { id name openTickets model { name } } }`,
    );
    const first = events.next();
    await expect.poll(() => gateway.logLines.join('')).toContain('subscription started');
    await touch(gateway, [foreign.id, id], 'Changed');
    expect((await first).value).toEqual({
      data: { networkDeviceChanged: { id, name: 'Changed', openTickets: 2, model: { name: 'NX-510' } } },
    });
    await events.return(undefined);
    await expect.poll(() => gateway.logLines.join('')).toContain('subscription ended');
  });
});
