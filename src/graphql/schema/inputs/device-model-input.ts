import { Field, ID, InputType } from 'type-graphql';
import type { DeviceModelType } from '../../../domain/device-model.js';
import { DeviceModelTypeEnum } from '../leaves/enums.js';

// No field has an initialiser: an absent field must stay absent, because absent, null and a value mean three things.

@InputType({
  description:
    'What the hardware of a model can do. Absent leaves a value, of a new model it is false; null is false.',
})
export class DeviceCapabilitiesInput {
  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi at all.' })
  wifi?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 2.4 GHz.' })
  wifi2G?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 5 GHz.' })
  wifi5G?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 6 GHz.' })
  wifi6G?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True if the model takes a SIM card.' })
  simSupport?: boolean | null;
}

@InputType({
  description: 'What a device model is to be. Absent leaves a value, null clears it, a value sets it.',
})
export class DeviceModelInput {
  @Field(() => String, {
    nullable: true,
    description:
      'Name of the model: 1 to 100 characters, at least one that shows; stored composed (Unicode NFC) and without blanks around it. A new model needs one; it cannot be cleared.',
  })
  name?: string | null;

  @Field(() => DeviceModelTypeEnum, {
    nullable: true,
    description: 'What kind of device it is. A new model needs one; it cannot be cleared.',
  })
  type?: DeviceModelType | null;

  @Field(() => String, { nullable: true, description: 'Brand name: at most 100 characters.' })
  brand?: string | null;

  @Field(() => String, { nullable: true, description: 'Description of the model: at most 4096 characters.' })
  description?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Id of the picture of the model on the platform's image servers: 24 hex digits in any case.",
  })
  picture?: string | null;

  @Field(() => DeviceCapabilitiesInput, {
    nullable: true,
    description:
      'What the hardware can do; null is nothing at all. Devices of the model keep the settings that they have: rules check what an update changes.',
  })
  capabilities?: DeviceCapabilitiesInput | null;
}
