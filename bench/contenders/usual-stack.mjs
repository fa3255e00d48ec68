// The usual stack: Apollo Server's standalone server, TypeGraphQL, Prisma with nested includes over separate tables.
// TypeGraphQL's decorators are called as functions, because this is plain JavaScript; they do the same.
import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  Arg,
  buildSchema,
  Field,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import prismaClient from '../generated/index.js';
import { isRename } from './one-statement.mjs';

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL }, { schema: 'bench' });
const prisma = new prismaClient.PrismaClient({ adapter });
const DEVICE = {
  model: true,
  customer: true,
  wifi: true,
  dhcp: { include: { reservedClients: { orderBy: { row: 'asc' } } } },
  status: true,
};

/** A class with nullable fields, decorated as a type or an input. */
function define(decorate, name, fields) {
  const type = { [name]: class {} }[name];
  for (const [field, of] of Object.entries(fields))
    Field(() => of, { nullable: true })(type.prototype, field);
  decorate(name)(type);
  return type;
}

/** Fields of one type, by their names. */
const fields = (of, names) => Object.fromEntries(names.split(' ').map((name) => [name, of]));

const WIFI = {
  ...fields(Boolean, 'enabled enabled5G enabled6G bandsteering'),
  ...fields(String, 'ssid password ssid5G password5G ssid6G password6G'),
};
const RESERVED_CLIENT = { ...fields(String, 'id mac ip'), enable: Boolean };
const DHCP = { ...fields(String, 'ipPoolStart ipPoolEnd primaryDnsServer'), enable: Boolean, leaseTime: Int };

const Capabilities = define(
  ObjectType,
  'DeviceCapabilities',
  fields(Boolean, 'wifi wifi2G wifi5G wifi6G simSupport'),
);
const Model = define(ObjectType, 'DeviceModel', {
  ...fields(ID, 'id picture'),
  ...fields(String, 'name type brand description'),
  capabilities: Capabilities,
});
const Customer = define(ObjectType, 'Customer', { id: ID, name: String });
const Wifi = define(ObjectType, 'WifiSettings', WIFI);
const Reserved = define(ObjectType, 'ReservedClient', RESERVED_CLIENT);
const Dhcp = define(ObjectType, 'DhcpSettings', { ...DHCP, reservedClients: [Reserved] });
const Status = define(ObjectType, 'DeviceStatus', {
  ...fields(Boolean, 'provisioned online'),
  ...fields(
    String,
    'lanIp subnetMask gateway wanIp publicIp dns dns2 ipv6 ipv6Dns ipv6Dns2 simStatus networkType',
  ),
  ...fields(Int, 'upTime signalStrength ssSignalStrength uplinkRate downlinkRate connectionTime'),
  lastComm: Date,
});
const Device = define(ObjectType, 'NetworkDevice', {
  ...fields(ID, 'id mvnoAccount'),
  ...fields(String, 'state name notes macAddress serialNumber'),
  ...fields(Int, 'version jobs'),
  ...fields(Date, 'createdAt updatedAt'),
  model: Model,
  customer: Customer,
  wifi: Wifi,
  dhcp: Dhcp,
  status: Status,
});
const Page = define(ObjectType, 'NetworkDeviceConnection', { nodes: [Device] });
const ReservedInput = define(InputType, 'ReservedClientInput', RESERVED_CLIENT);
const Update = define(InputType, 'DeviceUpdateInput', {
  ...fields(String, 'name notes macAddress'),
  wifi: define(InputType, 'WifiSettingsInput', WIFI),
  dhcp: define(InputType, 'DhcpSettingsInput', { ...DHCP, reservedClients: [ReservedInput] }),
});

const present = (device) => device && { ...device, model: { ...device.model, capabilities: device.model } };

class DeviceResolver {
  async networkDevice(id) {
    return present(await prisma.device.findUnique({ where: { id }, include: DEVICE }));
  }

  async networkDevices(ids) {
    const devices = await prisma.device.findMany({ where: { id: { in: ids } }, include: DEVICE });
    const byId = new Map(devices.map((device) => [device.id, present(device)]));
    return ids.map((id) => byId.get(id) ?? null);
  }

  async networkDeviceConnection(take, after) {
    const where = { id: { gt: Buffer.from(after, 'base64url').toString().slice('id:'.length) } };
    const devices = await prisma.device.findMany({ where, take, orderBy: { id: 'asc' }, include: DEVICE });
    return { nodes: devices.map(present) };
  }

  async updateNetworkDevice(id, input) {
    if (isRename(input)) {
      const data = { name: input.name, version: { increment: 1 } };
      return await prisma.device.update({ where: { id }, data });
    }
    const {
      wifi,
      dhcp: { reservedClients, ...dhcp },
      ...device
    } = input;
    return await prisma.$transaction(async (tx) => {
      await tx.device.update({ where: { id }, data: { ...device, version: { increment: 1 } } });
      await tx.wifi.update({ where: { deviceId: id }, data: wifi });
      const reservations = { deleteMany: {}, createMany: { data: reservedClients } };
      await tx.dhcp.update({ where: { deviceId: id }, data: { ...dhcp, reservedClients: reservations } });
      return present(await tx.device.findUnique({ where: { id }, include: DEVICE }));
    });
  }
}

/** Decorates a method of the resolver and its arguments. */
function root(decorate, method, type, args) {
  for (const [index, [name, of]] of Object.entries(args).entries()) {
    Arg(name, () => of)(DeviceResolver.prototype, method, index);
  }
  const descriptor = Object.getOwnPropertyDescriptor(DeviceResolver.prototype, method);
  decorate(() => type, { nullable: true })(DeviceResolver.prototype, method, descriptor);
}
root(Query, 'networkDevice', Device, { id: ID });
root(Query, 'networkDevices', [Device], { ids: [ID] });
root(Query, 'networkDeviceConnection', Page, { first: Int, after: String });
root(Mutation, 'updateNetworkDevice', Device, { id: ID, input: Update });
Resolver()(DeviceResolver);

const server = new ApolloServer({
  schema: await buildSchema({ resolvers: [DeviceResolver], validate: false }),
});
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
process.stdout.write(`${JSON.stringify({ msg: 'ready', url: new URL('/', url).href })}\n`);
