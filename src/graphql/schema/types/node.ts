import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description:
    'An object that can be read again by its id alone (Relay, Global Object Identification): a device, customer or device model.',
})
export abstract class Node {
  @Field(() => ID, { description: 'Id of the object: 24 hex digits, unique over all types.' })
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }
}
