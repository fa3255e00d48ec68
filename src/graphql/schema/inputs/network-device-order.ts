import { Field, InputType } from 'type-graphql';
import { type DeviceOrder, type DeviceOrderField, ORDER_OF_IDS } from '../../../domain/device-order.js';
import { NetworkDeviceOrderFieldEnum, type OrderDirection, OrderDirectionEnum } from '../leaves/enums.js';

@InputType({
  description: 'The order of a list of devices. Equal values stand in order of id, in the same direction.',
})
export class NetworkDeviceOrder {
  @Field(() => NetworkDeviceOrderFieldEnum, { description: 'What the list is in the order of.' })
  field?: DeviceOrderField;

  @Field(() => OrderDirectionEnum, { defaultValue: 'ASC', description: 'Whether the order rises or falls.' })
  direction?: OrderDirection;
}

/** The order as the operations read it. */
export function toDeviceOrder(order: NetworkDeviceOrder | null | undefined): DeviceOrder {
  const { field = ORDER_OF_IDS.field, direction = 'ASC' } = order ?? {};
  return { field, isDescending: direction === 'DESC' };
}
