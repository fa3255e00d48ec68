import { Field, ID, InputType } from 'type-graphql';
import type { ReplacingHardware } from '../../../domain/hardware.js';
import { MacAddressScalar } from '../leaves/scalars.js';

// No field has an initialiser: an absent field must stay absent.

@InputType({ description: 'Hardware that takes the place of a device.' })
export class DeviceReplaceInput {
  @Field(() => MacAddressScalar, {
    description: 'Its MAC address: unicast, unique in the whole platform, another one than the device has.',
  })
  macAddress?: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'Id of its device model: 24 hex digits in any case, of the same type as the one before. The model stays when absent or null.',
  })
  model?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Its serial number: 1 to 64 printable ASCII characters, stored without blanks around it. None when absent or null.',
  })
  serialNumber?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Switch off what the new model cannot do: bands of WiFi, the MVNO account. Otherwise each of it is a violation.',
  })
  dropUnsupported?: boolean | null;
}

/** The input as an operation takes it; the schema makes sure that there is a MAC address. */
export function toHardware(input: DeviceReplaceInput): ReplacingHardware {
  const { macAddress = '', model = null, serialNumber = null, dropUnsupported } = input;
  return { macAddress, model, serialNumber, dropUnsupported: dropUnsupported === true };
}
