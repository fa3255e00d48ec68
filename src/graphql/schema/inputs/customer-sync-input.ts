import { Field, ID, InputType } from 'type-graphql';
import type { CustomerPatch } from '../../../domain/customer-sync.js';

// No field has an initialiser: an absent field must stay absent, because absent, null and a value differ in meaning.

@InputType({ description: 'A customer as the platform has it. Absent leaves a value.' })
export class CustomerSyncInput {
  @Field(() => ID, {
    description: 'Id of the customer: 24 hex digits in any case. One that is not known is inserted.',
  })
  id?: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Name of the customer: 1 to 100 characters, at least one that shows; stored composed (Unicode NFC) and without blanks around it. A new customer needs one; it cannot be cleared.',
  })
  name?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Id of the reseller above it: 24 hex digits in any case, of a customer that is known or in the same call. Null is the top of the tree.',
  })
  parentReseller?: string | null;
}

/** The input as a patch; the schema makes sure that there is an id. */
export function toCustomerPatch({ id = '', ...patch }: CustomerSyncInput): CustomerPatch {
  return { ...patch, id };
}
