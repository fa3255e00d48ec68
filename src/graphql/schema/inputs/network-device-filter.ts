import { Field, ID, InputType } from 'type-graphql';
import type { DeviceState } from '../../../domain/device.js';
import type { DeviceModelType } from '../../../domain/device-model.js';
import { type SimStatus, simStatusCodeOf } from '../../../domain/sim-status.js';
import { idOrNone } from '../../../domain/id.js';
import type { RequestedFilter } from '../../../operations/device-filter.js';
import { DeviceModelTypeEnum, DeviceStateEnum, SimStatusEnum } from '../leaves/enums.js';
import { DateTimeScalar } from '../leaves/scalars.js';

@InputType({
  description:
    'Which devices a list shall hold. All conditions must hold; null is no condition, an empty list fits nothing; a list has at most 100 values, one of ids 1000.',
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

  @Field(() => Boolean, {
    nullable: true,
    description: 'Devices that are online, or that are not known to be.',
  })
  online?: boolean | null;

  @Field(() => [SimStatusEnum], {
    nullable: true,
    description: 'Mobile routers with one of these SIM states.',
  })
  simStatus?: SimStatus[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Part of the device's name, the name of its customer or of a reseller above within reach, MAC address in any notation, or serial number; any case and spelling (Unicode), in every alphabet; at most 100 characters.",
  })
  search?: string | null;

  @Field(() => [ID], { nullable: true, description: 'Devices of one of these models.' })
  model?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Devices that have their last settings, or that are not known to.',
  })
  provisioned?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Devices whose newest provisioning job failed, or all others.',
  })
  lastJobFailed?: boolean | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Devices that were last heard of before this moment, and those that never were.',
  })
  lastCommBefore?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Devices that are linked to an MVNO account, or that are not.',
  })
  hasMvnoAccount?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Devices with this WAN, public or IPv6 address: the whole of it as it was reported, in any case. A blank text is no condition.',
  })
  ip?: string | null;

  @Field(() => [ID], { nullable: true, description: 'Devices with one of these ids.' })
  ids?: string[] | null;
}

/** The filter as the operations read it: null is no condition. */
export function toDeviceFilter(filter: NetworkDeviceFilter | null | undefined): RequestedFilter {
  const { customer, state, type, online, simStatus, search, model, ids, ...more } = filter ?? {};
  const { provisioned, lastJobFailed, lastCommBefore, hasMvnoAccount, ip } = more;
  return {
    ...(isGiven(ids) && { ids: ids.map(idOrNone) }),
    ...(isGiven(customer) && { customerId: idOrNone(customer) }),
    ...(isGiven(model) && { modelIds: model.map(idOrNone) }),
    ...(isGiven(state) && { states: state }),
    ...(isGiven(type) && { types: type }),
    ...(isGiven(online) && { online }),
    ...(isGiven(provisioned) && { provisioned }),
    ...(isGiven(lastJobFailed) && { lastJobFailed }),
    ...(isGiven(lastCommBefore) && { lastCommBefore }),
    ...(isGiven(hasMvnoAccount) && { hasMvnoAccount }),
    ...(isGiven(simStatus) && { simStatusCodes: simStatus.map((status) => simStatusCodeOf(status) ?? '') }),
    ...(isGiven(ip) && { ip }),
    ...(isGiven(search) && { search }),
  };
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
