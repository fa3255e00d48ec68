// PostGraphile 5 over the contenders' tables: what a device nests is its own doing, the root fields are planned here.
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { each, lambda, object } from 'postgraphile/grafast';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { extendSchema, gql } from 'postgraphile/utils';
import { idOfCursor } from './one-statement.mjs';

/** Columns and relations are named as in the tables: `id` instead of `rowId`, `model` instead of `modelByModelId`. */
function relationName(_previous, _options, { registry, codec, relationName: name }) {
  return this.camelCase(registry.pgRelations[codec.name][name].remoteResource.codec.name);
}
function relationsName(...details) {
  return this.pluralize(relationName.apply(this, details));
}
const NamesPlugin = {
  name: 'NamesPlugin',
  inflection: {
    replace: {
      _attributeName: (previous, _options, details) => previous({ ...details, skipRowId: true }),
      singleRelation: relationName,
      singleRelationBackwards: relationName,
      manyRelationList: relationsName,
    },
  },
};

const typeDefs = gql`
  type DeviceCapabilities {
    wifi: Boolean
    wifi2G: Boolean
    wifi5G: Boolean
    wifi6G: Boolean
    simSupport: Boolean
  }
  extend type Model {
    capabilities: DeviceCapabilities
  }
  type DevicePage {
    nodes: [Device]
  }
  extend type Query {
    networkDevice(id: ID!): Device
    networkDevices(ids: [ID!]!): [Device]
    networkDeviceConnection(first: Int!, after: String!): DevicePage
  }
  input WifiSettingsInput {
    enabled: Boolean
    ssid: String
    password: String
    enabled5G: Boolean
    ssid5G: String
    password5G: String
    enabled6G: Boolean
    ssid6G: String
    password6G: String
    bandsteering: Boolean
  }
  input ReservationInput {
    id: String
    mac: String
    ip: String
    enable: Boolean
  }
  input DhcpSettingsInput {
    enable: Boolean
    ipPoolStart: String
    ipPoolEnd: String
    leaseTime: Int
    primaryDnsServer: String
    reservedClients: [ReservationInput!]
  }
  input DeviceUpdateInput {
    name: String
    notes: String
    wifi: WifiSettingsInput
    dhcp: DhcpSettingsInput
  }
  extend type Mutation {
    updateNetworkDevice(id: ID!, input: DeviceUpdateInput!): Device
  }
`;

const CAPABILITIES = ['wifi', 'wifi2G', 'wifi5G', 'wifi6G', 'simSupport'];

const DevicesPlugin = extendSchema(({ pgResources, sql, dataplanPg: { TYPES } }) => {
  const { device, rename_device: renameDevice, update_settings: updateSettings } = pgResources;
  const capability = (name) => [name, ($model) => $model.get(name)];
  return {
    typeDefs,
    objects: {
      Model: { plans: { capabilities: ($model) => $model } },
      DeviceCapabilities: { plans: Object.fromEntries(CAPABILITIES.map(capability)) },
      Query: {
        plans: {
          networkDevice: (_, { $id }) => device.get({ id: $id }),
          networkDevices: (_, { $ids }) => each($ids, ($id) => device.get({ id: $id })),
          networkDeviceConnection(_, { $first, $after }) {
            const $devices = device.find();
            const after = $devices.placeholder(lambda($after, idOfCursor), TYPES.text);
            $devices.where(sql`${$devices.alias}.id > ${after}`);
            $devices.orderBy({ attribute: 'id', direction: 'ASC' });
            $devices.setOrderIsUnique();
            $devices.setFirst($first);
            return object({ nodes: $devices });
          },
        },
      },
      Mutation: {
        plans: {
          updateNetworkDevice(_, { $id, $input }) {
            const of = (name) => ({ step: $input.get(name) });
            if (!$input.evalHas('wifi')) return renameDevice.execute([{ step: $id }, of('name')]);
            const reservations = { step: $input.get('dhcp').get('reservedClients') };
            const values = [{ step: $id }, of('name'), of('notes'), of('wifi'), of('dhcp'), reservations];
            // Read anew, so that what it nests is joined: from the row of a function each relation is a statement.
            return device.get({ id: updateSettings.execute(values).get('id') });
          },
        },
      },
    },
  };
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [NamesPlugin, DevicesPlugin],
  disablePlugins: ['NodePlugin'],
  schema: { defaultBehavior: '-insert -update -delete -connection +list' },
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ['bench'],
      poolConfig: { max: 10 },
    }),
  ],
  grafserv: { graphiql: false },
});
// Ends the start where the schema does not fit.
await instance.getSchema();
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}/graphql`;
  process.stdout.write(`${JSON.stringify({ msg: 'ready', url })}\n`);
});
