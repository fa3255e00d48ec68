import { Field, InputType, Int } from 'type-graphql';
import { IPv4Scalar, MacAddressScalar } from '../leaves/scalars.js';
import { MvnoAccountField, NameField, NotesField, SerialNumberField } from './device-fields.js';

// No field has an initialiser: an absent field must stay absent, because absent, null and a value mean three things.

@InputType({ description: 'WiFi settings to change. Absent leaves a value, null clears it.' })
export class WifiSettingsInput {
  @Field(() => Boolean, { nullable: true, description: 'True to enable WiFi on 2.4 GHz. Null is false.' })
  enabled?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'SSID of the 2.4 GHz network: 1 to 32 bytes of UTF-8.',
  })
  ssid?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Password of the 2.4 GHz network: 8 to 63 printable ASCII characters, or 64 hex digits.',
  })
  password?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True to enable WiFi on 5 GHz. Null is false.' })
  enabled5G?: boolean | null;

  @Field(() => String, { nullable: true, description: 'SSID of the 5 GHz network: 1 to 32 bytes of UTF-8.' })
  ssid5G?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Password of the 5 GHz network: 8 to 63 printable ASCII characters, or 64 hex digits.',
  })
  password5G?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True to enable WiFi on 6 GHz. Null is false.' })
  enabled6G?: boolean | null;

  @Field(() => String, { nullable: true, description: 'SSID of the 6 GHz network: 1 to 32 bytes of UTF-8.' })
  ssid6G?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Password of the 6 GHz network: 8 to 63 printable ASCII characters. Needed while the band is enabled.',
  })
  password6G?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'True to enable band steering: all enabled bands must share SSID and password. Null is false.',
  })
  bandsteering?: boolean | null;
}

@InputType({ description: 'An address that DHCP shall keep for one client.' })
export class ReservedClientInput {
  @Field(() => MacAddressScalar, {
    nullable: true,
    description: 'MAC address of the client, unicast. Needed; no two alike.',
  })
  mac?: string | null;

  @Field(() => IPv4Scalar, {
    nullable: true,
    description:
      'IP address to assign to the client. Needed; no two enabled ones alike; it may lie outside the pool.',
  })
  ip?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'True if the reservation is active. True when absent, false when null.',
  })
  enable?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Id of the reservation, as assigned by the device: at most 64 characters. When absent, a client that was there before keeps its id. It is read as reservationId.',
  })
  id?: string | null;
}

@InputType({ description: 'DHCP settings to change. Absent leaves a value, null clears it.' })
export class DhcpSettingsInput {
  @Field(() => Boolean, {
    nullable: true,
    description: 'True to enable DHCP, which needs ipPoolStart, ipPoolEnd and leaseTime. Null is false.',
  })
  enable?: boolean | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'First IP address to assign to DHCP clients.' })
  ipPoolStart?: string | null;

  @Field(() => IPv4Scalar, { nullable: true, description: 'Last IP address to assign to DHCP clients.' })
  ipPoolEnd?: string | null;

  @Field(() => Int, { nullable: true, description: 'How long DHCP leases last, in minutes: 1 to 525600.' })
  leaseTime?: number | null;

  @Field(() => IPv4Scalar, {
    nullable: true,
    description: 'IP address of the DNS server that clients shall use.',
  })
  primaryDnsServer?: string | null;

  @Field(() => [ReservedClientInput], {
    nullable: true,
    description: 'DHCP clients with reservations, replaced as a whole: at most 256. Null is the empty list.',
  })
  reservedClients?: ReservedClientInput[] | null;

  @Field(() => [ReservedClientInput], {
    nullable: true,
    description:
      'Single reservations by mac, beside which all others stay: an unknown one is added at the end, of a known one stays what its item does not give. After removeReservedClients; not together with reservedClients. Null is nothing.',
  })
  putReservedClients?: ReservedClientInput[] | null;

  @Field(() => [MacAddressScalar], {
    nullable: true,
    description:
      'MAC addresses whose reservations go; one that is not there is no fault. Not together with reservedClients. Null is nothing.',
  })
  removeReservedClients?: string[] | null;
}

@InputType({
  description:
    'What to change of a device. Absent leaves a value, null clears it, a value sets it: here and inside the sections.',
})
export class DeviceUpdateInput {
  @NameField('It cannot be cleared.')
  name?: string | null;

  @NotesField()
  notes?: string | null;

  @Field(() => MacAddressScalar, {
    nullable: true,
    description: 'MAC address, unicast, unique in the whole platform. It cannot be cleared.',
  })
  macAddress?: string | null;

  @SerialNumberField()
  serialNumber?: string | null;

  @MvnoAccountField()
  mvnoAccount?: string | null;

  @Field(() => WifiSettingsInput, {
    nullable: true,
    description:
      'WiFi settings to change; null drops the whole section, an object creates one that was null.',
  })
  wifi?: WifiSettingsInput | null;

  @Field(() => DhcpSettingsInput, {
    nullable: true,
    description:
      'DHCP settings to change; null drops the whole section, an object creates one that was null.',
  })
  dhcp?: DhcpSettingsInput | null;
}
