import { Field, Int, ObjectType } from 'type-graphql';
import type * as domain from '../../../domain/device-status.js';
import { networkTypeOf, networkTypesOf } from '../../../domain/network-type.js';
import { simStatusOf } from '../../../domain/sim-status.js';
import { NetworkTypeEnum, SimStatusEnum } from '../leaves/enums.js';
import { DateTimeScalar, IPv4Scalar, IPv6Scalar } from '../leaves/scalars.js';

/** Devices report an address that they do not have as the empty text. */
function addressOf(text: string | null): string | null {
  return text === '' ? null : text;
}

@ObjectType({ description: 'What a device last reported of itself. Read only.', simpleResolvers: true })
export class DeviceStatus {
  @Field(() => Boolean, { nullable: true, description: 'True if the last settings have reached the device.' })
  readonly provisioned: boolean | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When this device was last communicated with, directly or through a third-party service.',
  })
  readonly lastComm: Date | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the device is online.' })
  readonly online: boolean | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'LAN IP address.' })
  readonly lanIp: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'Subnet mask of the LAN, e.g. "255.255.255.0".' })
  readonly subnetMask: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the default gateway.' })
  readonly gateway: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'WAN IP address.' })
  readonly wanIp: string | null;

  @Field(() => IPv4Scalar, {
    nullable: true,
    description: 'Public IP address; it may differ from the WAN address.',
  })
  readonly publicIp: string | null;

  @Field(() => Int, { nullable: true, description: 'How long the device has been running, in seconds.' })
  readonly upTime: number | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the primary DNS server.' })
  readonly dns: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the secondary DNS server.' })
  readonly dns2: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address, if the device has one.' })
  readonly ipv6: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address of the primary DNS server.' })
  readonly ipv6Dns: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address of the secondary DNS server.' })
  readonly ipv6Dns2: string | null;

  @Field(() => SimStatusEnum, {
    nullable: true,
    description: 'State of the SIM card (mobile routers only); null for a code that nobody knows.',
  })
  readonly simStatus: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'State of the SIM card as the code that is stored, e.g. "1".',
  })
  readonly simStatusCode: string | null;

  @Field(() => NetworkTypeEnum, {
    nullable: true,
    description:
      'Best network that the router is connected to (mobile routers only); null for a code that nobody knows.',
  })
  readonly networkType: string | null;

  @Field(() => [NetworkTypeEnum], {
    nullable: true,
    description: 'All networks that the router is connected to, the best one last (mobile routers only).',
  })
  readonly networkTypes: readonly string[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Networks as the code that is stored, a sum of bits, e.g. "40".',
  })
  readonly networkTypeCode: string | null;

  @Field(() => Int, {
    nullable: true,
    description: '4G signal strength from 0 to 100 (mobile routers only).',
  })
  readonly signalStrength: number | null;

  @Field(() => Int, {
    nullable: true,
    description: '5G signal strength from 0 to 100 (mobile routers only).',
  })
  readonly ssSignalStrength: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "5G signal strength from 0 to 100, in the REST page's spelling.",
    deprecationReason: 'Misspelt on the REST page. Use ssSignalStrength.',
  })
  readonly ssSingnalStrength: number | null;

  @Field(() => Int, { nullable: true, description: 'Uplink speed in Kbps.' })
  readonly uplinkRate: number | null;

  @Field(() => Int, { nullable: true, description: 'Downlink speed in Kbps.' })
  readonly downlinkRate: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long the device has been connected to the mobile network, in seconds (mobile routers only).',
  })
  readonly connectionTime: number | null;

  constructor(status: domain.DeviceStatus) {
    this.provisioned = status.provisioned;
    this.lastComm = status.lastComm;
    this.online = status.online;
    this.lanIp = addressOf(status.lanIp);
    this.subnetMask = addressOf(status.subnetMask);
    this.gateway = addressOf(status.gateway);
    this.wanIp = addressOf(status.wanIp);
    this.publicIp = addressOf(status.publicIp);
    this.upTime = status.upTimeSeconds;
    this.dns = addressOf(status.dns);
    this.dns2 = addressOf(status.dns2);
    this.ipv6 = addressOf(status.ipv6);
    this.ipv6Dns = addressOf(status.ipv6Dns);
    this.ipv6Dns2 = addressOf(status.ipv6Dns2);
    this.simStatus = simStatusOf(status.simStatusCode);
    this.simStatusCode = status.simStatusCode;
    this.networkType = networkTypeOf(status.networkTypeCode);
    this.networkTypes = networkTypesOf(status.networkTypeCode);
    this.networkTypeCode = status.networkTypeCode;
    this.signalStrength = status.signalStrength;
    this.ssSignalStrength = status.ssSignalStrength;
    this.ssSingnalStrength = status.ssSignalStrength;
    this.uplinkRate = status.uplinkRateKbps;
    this.downlinkRate = status.downlinkRateKbps;
    this.connectionTime = status.connectionSeconds;
  }
}
