import { Field, ID, InputType } from 'type-graphql';
import { MacAddressScalar } from '../leaves/scalars.js';
import { DhcpSettingsInput, WifiSettingsInput } from './device-update-input.js';

// No field has an initialiser: an absent field must stay absent.

@InputType({
  description: 'A device to create. What is absent or null is not there, but for what a field says.',
})
export class DeviceCreateInput {
  @Field(() => ID, {
    nullable: true,
    description:
      "Id of the customer, within reach: 24 hex digits in any case. The viewer's own when absent or null.",
  })
  customer?: string | null;

  @Field(() => ID, { description: 'Id of the device model: 24 hex digits in any case.' })
  model?: string;

  @Field(() => MacAddressScalar, { description: 'MAC address, unicast, unique in the whole platform.' })
  macAddress?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Serial number: 1 to 64 printable ASCII characters, stored without blanks around it.',
  })
  serialNumber?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Id of the MVNO account that the device is linked to: 24 hex digits in any case. Only for models that take a SIM card.',
  })
  mvnoAccount?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Name of the device: 1 to 100 characters, at least one that shows; stored composed (Unicode NFC) and without blanks around it. The model's when absent or null.",
  })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Free text note field: at most 4096 characters.' })
  notes?: string | null;

  @Field(() => WifiSettingsInput, {
    nullable: true,
    description: 'WiFi settings, by the rules of an update.',
  })
  wifi?: WifiSettingsInput | null;

  @Field(() => DhcpSettingsInput, {
    nullable: true,
    description: 'DHCP settings, by the rules of an update.',
  })
  dhcp?: DhcpSettingsInput | null;
}
