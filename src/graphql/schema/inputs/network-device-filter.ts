import { Field, ID, InputType } from 'type-graphql';
import type { DeviceState } from '../../../domain/device.js';
import type { DeviceModelType } from '../../../domain/device-model.js';
import { type SimStatus, simStatusCodeOf } from '../../../domain/sim-status.js';
import { idOrNone } from '../../../domain/id.js';
import type { DeviceFilter } from '../../../persistence/devices/device-lists.js';
import { DeviceModelTypeEnum, DeviceStateEnum, SimStatusEnum } from '../leaves/enums.js';

@InputType({
  description:
    'Which devices a list shall hold. All conditions must hold; null is no condition, an empty list fits nothing, a list has at most 100 values.',
})
export class NetworkDeviceFilter {
  @Field(() => ID, { nullable: true, description: 'Devices of this customer.' })
  customer?: string | null;

  @Field(() => [DeviceStateEnum], { nullable: true, description: 'Devices in one of these states.' })
  state?: DeviceState[] | null;

  @Field(() => [DeviceModelTypeEnum], {
    nullable: true,
    description: 'Devices whose model is of one of these types.',
  })
  type?: DeviceModelType[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Devices that are online, or that are not.' })
  online?: boolean | null;

  @Field(() => [SimStatusEnum], {
    nullable: true,
    description: 'Mobile routers with one of these SIM states.',
  })
  simStatus?: SimStatus[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Part of the device's name, its customer's name, MAC address in any notation, or serial number; any case and spelling (Unicode), in every alphabet; at most 100 characters.",
  })
  search?: string | null;
}

/** The filter as stores read it. */
export function toDeviceFilter(filter: NetworkDeviceFilter | null | undefined): DeviceFilter {
  const { customer, state, type, online, simStatus, search } = filter ?? {};
  return {
    ...(isGiven(customer) && { customerId: idOrNone(customer) }),
    ...(isGiven(state) && { states: state }),
    ...(isGiven(type) && { types: type }),
    ...(isGiven(online) && { online }),
    ...(isGiven(simStatus) && { simStatusCodes: simStatus.map((status) => simStatusCodeOf(status) ?? '') }),
    ...(isGiven(search) && { search }),
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
