import { Field, ID, ObjectType } from 'type-graphql';
import type { SettingsView } from '../../../operations/read-device-history.js';
import { MacAddressScalar } from '../leaves/scalars.js';
import { DhcpSettings } from './dhcp-settings.js';
import { WifiSettings } from './wifi-settings.js';

@ObjectType({
  description: 'The settings of a device as they were at one of its versions.',
  simpleResolvers: true,
})
export class DeviceSettings {
  @Field(() => String, { nullable: true, description: 'Name of the device: 1 to 100 characters.' })
  readonly name: string;

  @Field(() => String, { nullable: true, description: 'Free text note field: at most 4096 characters.' })
  readonly notes: string | null;

  @Field(() => MacAddressScalar, { nullable: true, description: 'MAC address.' })
  readonly macAddress: string;

  @Field(() => String, { nullable: true, description: 'Serial number: 1 to 64 printable ASCII characters.' })
  readonly serialNumber: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of the MVNO account: 24 hex digits.' })
  readonly mvnoAccount: string | null;

  @Field(() => WifiSettings, {
    nullable: true,
    description:
      'WiFi settings; null if not used. Passwords as in lists: null without an error for levels that may not read them.',
  })
  readonly wifi: WifiSettings | null;

  @Field(() => DhcpSettings, { nullable: true, description: 'DHCP settings; null if not used.' })
  readonly dhcp: DhcpSettings | null;

  constructor({ deviceId, version, passwords, settings }: SettingsView) {
    const { name, notes, macAddress, serialNumber, mvnoAccount, wifi, dhcp } = settings;
    this.name = name;
    this.notes = notes;
    this.macAddress = macAddress;
    this.serialNumber = serialNumber;
    this.mvnoAccount = mvnoAccount;
    this.wifi = wifi && new WifiSettings(wifi, { deviceId, version, passwords });
    this.dhcp = dhcp && new DhcpSettings(dhcp);
  }
}
