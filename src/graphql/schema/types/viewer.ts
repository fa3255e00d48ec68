import { Field, ID, ObjectType } from 'type-graphql';
import type * as access from '../../../access/viewer.js';
import { AccessLevelEnum } from '../leaves/enums.js';

/** Its customer is resolved by ViewerResolver, when it is asked for. */
@ObjectType({ description: 'Whoever stands behind the access token of the request.', simpleResolvers: true })
export class Viewer {
  @Field(() => ID, { description: 'Id of the employee that the token was issued to.' })
  readonly id: string;

  @Field(() => AccessLevelEnum, { nullable: true, description: 'Access level of the employee.' })
  readonly accessLevel: access.AccessLevel | null;

  /** Not part of the schema. */
  readonly customerId: string | null;

  constructor({ subject, level, customerId }: access.Viewer) {
    this.id = subject;
    this.accessLevel = level;
    this.customerId = customerId;
  }
}
