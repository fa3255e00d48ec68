import { Field, ID, ObjectType } from 'type-graphql';
import type * as domain from '../../../domain/device-model.js';
import { DeviceModelTypeEnum } from '../leaves/enums.js';
import { Node } from './node.js';

@ObjectType({ description: 'What the hardware of a device model can do.', simpleResolvers: true })
export class DeviceCapabilities {
  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi at all.' })
  readonly wifi: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 2.4 GHz.' })
  readonly wifi2G: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 5 GHz.' })
  readonly wifi5G: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True if the model has WiFi on 6 GHz.' })
  readonly wifi6G: boolean;

  @Field(() => Boolean, { nullable: true, description: 'True if the model takes a SIM card.' })
  readonly simSupport: boolean;

  constructor({ wifi, wifi2G, wifi5G, wifi6G, simSupport }: domain.DeviceCapabilities) {
    this.wifi = wifi;
    this.wifi2G = wifi2G;
    this.wifi5G = wifi5G;
    this.wifi6G = wifi6G;
    this.simSupport = simSupport;
  }
}

@ObjectType({ implements: Node, description: 'A model of network device.', simpleResolvers: true })
export class DeviceModel implements Node {
  @Field(() => ID, { description: 'Id of the device model: 24 hex digits.' })
  readonly id: string;

  @Field(() => String, { nullable: true, description: 'Name of the model, e.g. "NX-510".' })
  readonly name: string;

  @Field(() => DeviceModelTypeEnum, {
    nullable: true,
    description: "What kind of device it is (the page's modelType).",
  })
  readonly type: domain.DeviceModelType;

  @Field(() => String, { nullable: true, description: "Brand name (the page's modelBrand)." })
  readonly brand: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Description of the model (the page's modelDescription).",
  })
  readonly description: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "Id of the picture of the model on the platform's image servers (the page's modelPicture).",
  })
  readonly picture: string | null;

  @Field(() => DeviceCapabilities, { nullable: true, description: 'What the hardware can do.' })
  readonly capabilities: DeviceCapabilities;

  constructor({ id, name, type, brand, description, picture, capabilities }: domain.DeviceModel) {
    this.id = id;
    this.name = name;
    this.type = type;
    this.brand = brand;
    this.description = description;
    this.picture = picture;
    this.capabilities = new DeviceCapabilities(capabilities);
  }
}
