import { Field, ID, Int, ObjectType } from 'type-graphql';
import type * as domain from '../../../domain/provisioning-job.js';
import { ProvisioningJobKindEnum, ProvisioningJobStateEnum } from '../leaves/enums.js';
import { DateTimeScalar } from '../leaves/scalars.js';

@ObjectType({
  description: 'One job brings the settings of a device to the device, or removes the device.',
  simpleResolvers: true,
})
export class ProvisioningJob {
  @Field(() => ID, { description: 'Id of the job: 24 hex digits; a later job has a higher one.' })
  readonly id: string;

  @Field(() => ProvisioningJobKindEnum, { nullable: true, description: 'What the job does.' })
  readonly kind: string;

  @Field(() => ProvisioningJobStateEnum, { nullable: true, description: 'What became of the job.' })
  readonly state: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'Version of the settings: the one that was sent last, before that the one it was queued for.',
  })
  readonly version: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Attempts that were begun, at most 5. An attempt that was cut off is begun again under its number.',
  })
  readonly attempts: number;

  @Field(() => String, {
    nullable: true,
    description:
      'Why the last try failed: at most 500 characters, without passwords. A fixed sentence for those who may not read the WiFi passwords of the device.',
  })
  readonly error: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the job was queued.' })
  readonly createdAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its first attempt began.' })
  readonly startedAt: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was applied, failed for good, or was superseded.',
  })
  readonly finishedAt: Date | null;

  constructor(job: domain.ProvisioningJob) {
    this.id = job.id;
    this.kind = job.kind;
    this.state = job.state;
    this.version = job.version;
    this.attempts = job.attempts;
    this.error = job.error;
    this.createdAt = job.createdAt;
    this.startedAt = job.startedAt;
    this.finishedAt = job.finishedAt;
  }
}
