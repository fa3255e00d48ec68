import { Field, ID, InputType, Int } from 'type-graphql';
import type { DeviceReport } from '../../../operations/report-device-status.js';
import { DateTimeScalar, IPv4Scalar, IPv6Scalar, MacAddressScalar } from '../leaves/scalars.js';

// No field has an initialiser: an absent field must stay absent, because absent, null and a value mean three things.

@InputType({
  description:
    'What is reported of the status of a device. Absent leaves a value, null and the empty text clear it.',
})
export class DeviceStatusReport {
  @Field(() => ID, { description: 'Id of the device: 24 hex digits in any case.' })
  device?: string;

  @Field(() => MacAddressScalar, {
    nullable: true,
    description:
      'MAC address of the hardware that reports. A report of another address than the device has changes nothing, e.g. one of hardware that was replaced.',
  })
  macAddress?: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When the device was last communicated with; now when absent, at most 5 minutes ahead. A report that is older than what is known changes nothing.',
  })
  lastComm?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the device is online.' })
  online?: boolean | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'LAN IP address.' })
  lanIp?: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'Subnet mask of the LAN, e.g. "255.255.255.0".' })
  subnetMask?: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the default gateway.' })
  gateway?: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'WAN IP address.' })
  wanIp?: string | null;

  @Field(() => IPv4Scalar, {
    nullable: true,
    description: 'Public IP address; it may differ from the WAN address.',
  })
  publicIp?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long the device has been running, in seconds: not less than 0.',
  })
  upTime?: number | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the primary DNS server.' })
  dns?: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'IP address of the secondary DNS server.' })
  dns2?: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address, if the device has one.' })
  ipv6?: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address of the primary DNS server.' })
  ipv6Dns?: string | null;

  @Field(() => IPv6Scalar, { nullable: true, description: 'IPv6 address of the secondary DNS server.' })
  ipv6Dns2?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'State of the SIM card (mobile routers only): the code, e.g. "1", or the name of a SimStatus, e.g. "READY". A code that nobody knows is kept: at most 64 characters.',
  })
  simStatus?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Networks that the router is connected to (mobile routers only): the code, a sum of bits, e.g. "40", or the name of a NetworkType, e.g. "NR". A code that nobody knows is kept: at most 64 characters.',
  })
  networkType?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: '4G signal strength from 0 to 100 (mobile routers only).',
  })
  signalStrength?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: '5G signal strength from 0 to 100 (mobile routers only).',
  })
  ssSignalStrength?: number | null;

  @Field(() => Int, { nullable: true, description: 'Uplink speed in Kbps: not less than 0.' })
  uplinkRate?: number | null;

  @Field(() => Int, { nullable: true, description: 'Downlink speed in Kbps: not less than 0.' })
  downlinkRate?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long the device has been connected to the mobile network, in seconds: not less than 0 (mobile routers only).',
  })
  connectionTime?: number | null;
}

/** A report as the operation reads it; GraphQL lets none through that names no device. */
export function toDeviceReport({ device = '', ...report }: DeviceStatusReport): DeviceReport {
  return { device, ...report };
}
