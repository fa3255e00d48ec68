import { Field, Int, ObjectType } from 'type-graphql';
import type * as domain from '../../../domain/dhcp.js';
import { IPv4Scalar, MacAddressScalar } from '../leaves/scalars.js';

@ObjectType({ description: 'An address that DHCP keeps for one client.', simpleResolvers: true })
export class ReservedClient {
  @Field(() => MacAddressScalar, { nullable: true, description: 'MAC address of the client.' })
  readonly mac: string;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address to assign to the client.' })
  readonly ip: string;

  @Field(() => Boolean, { nullable: true, description: 'True if the reservation is active.' })
  readonly enable: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Id of the reservation, as assigned by the device; unique on its device only.',
  })
  readonly reservationId: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Id of the reservation, as assigned by the device, in the REST page's spelling.",
    deprecationReason: 'Caches of clients take it for unique. Use reservationId.',
  })
  readonly id: string | null;

  constructor({ mac, ip, enable, id }: domain.ReservedClient) {
    this.mac = mac;
    this.ip = ip;
    this.enable = enable;
    this.reservationId = id;
    this.id = id;
  }
}

@ObjectType({ description: 'DHCP settings of a device.', simpleResolvers: true })
export class DhcpSettings {
  @Field(() => Boolean, { nullable: true, description: 'True if the device serves DHCP.' })
  readonly enable: boolean;

  @Field(() => IPv4Scalar, { nullable: true, description: 'First IP address to assign to DHCP clients.' })
  readonly ipPoolStart: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'Last IP address to assign to DHCP clients.' })
  readonly ipPoolEnd: string | null;

  @Field(() => Int, { nullable: true, description: 'How long DHCP leases last, in minutes.' })
  readonly leaseTime: number | null;

  @Field(() => IPv4Scalar, {
    nullable: true,
    description: 'IP address of the DNS server that clients shall use.',
  })
  readonly primaryDnsServer: string | null;

  @Field(() => [ReservedClient], { nullable: true, description: 'DHCP clients with reservations.' })
  readonly reservedClients: readonly ReservedClient[];

  constructor(dhcp: domain.DhcpSettings) {
    this.enable = dhcp.enable;
    this.ipPoolStart = dhcp.ipPoolStart;
    this.ipPoolEnd = dhcp.ipPoolEnd;
    this.leaseTime = dhcp.leaseTime;
    this.primaryDnsServer = dhcp.primaryDnsServer;
    this.reservedClients = dhcp.reservedClients.map((client) => new ReservedClient(client));
  }
}
