import { Field, ID, ObjectType } from 'type-graphql';
import { Node } from './node.js';

@ObjectType({
  implements: Node,
  description: 'A customer of the platform. A reseller is a customer too.',
  simpleResolvers: true,
})
export class Customer implements Node {
  @Field(() => ID, { description: 'Id of the customer: 24 hex digits.' })
  readonly id: string;

  @Field(() => String, { nullable: true, description: 'Name of the customer.' })
  readonly name: string | null;

  constructor({ id, name }: { readonly id: string; readonly name: string | null }) {
    this.id = id;
    this.name = name;
  }
}
