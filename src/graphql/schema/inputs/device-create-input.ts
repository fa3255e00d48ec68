import { Field, ID, InputType } from 'type-graphql';
import { MvnoAccountField, NameField, NotesField, SerialNumberField } from './device-fields.js';
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

  @SerialNumberField()
  serialNumber?: string | null;

  @MvnoAccountField()
  mvnoAccount?: string | null;

  @NameField("The model's when absent or null.")
  name?: string | null;

  @NotesField()
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
