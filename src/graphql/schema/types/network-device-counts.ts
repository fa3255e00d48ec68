import { Field, Int, ObjectType } from 'type-graphql';
import type { DeviceCounts } from '../../../domain/device-counts.js';

@ObjectType({
  description: 'How many devices fit a filter: exact up to 100,000 of them, beyond that 100,000 are counted.',
  simpleResolvers: true,
})
export class NetworkDeviceCounts {
  @Field(() => Boolean, {
    nullable: true,
    description: 'True if more fit than the 100,000 that were counted.',
  })
  readonly isCapped: boolean;

  @Field(() => Int, { nullable: true, description: 'All of them: those online and those offline.' })
  readonly total: number;

  @Field(() => Int, { nullable: true, description: 'Devices that are known to be online.' })
  readonly online: number;

  @Field(() => Int, { nullable: true, description: 'All others.' })
  readonly offline: number;

  @Field(() => Int, { nullable: true, description: 'Devices in state PROVISIONING.' })
  readonly provisioning: number;

  @Field(() => Int, { nullable: true, description: 'Devices in state DELETING.' })
  readonly deleting: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Devices in state ACTIVE whose last settings did not reach them (status.provisioned is false).',
  })
  readonly notProvisioned: number;

  constructor({ isCapped, total, online, provisioning, deleting, notProvisioned }: DeviceCounts) {
    this.isCapped = isCapped;
    this.total = total;
    this.online = online;
    this.offline = total - online;
    this.provisioning = provisioning;
    this.deleting = deleting;
    this.notProvisioned = notProvisioned;
  }
}
